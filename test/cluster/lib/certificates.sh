# Who is who in the cluster: one authority, a certificate for each part, kubeconfigs. Sourced by `up`.
# shellcheck shell=bash

pki=$state/pki

make_certificates() {
  local here=IP:$node_address,IP:127.0.0.1
  mkdir -p "$pki"
  make_authority
  make_certificate apiserver /CN=kube-apiserver serverAuth \
    "$here,IP:$api_service_address,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
  make_certificate apiserver-to-kubelet /O=system:masters/CN=kube-apiserver-kubelet-client clientAuth
  make_certificate kubelet-server "/O=system:nodes/CN=system:node:$node_name" serverAuth "$here,DNS:$node_name"
  # The names that Kubernetes has roles for.
  make_user admin /O=system:masters/CN=kubernetes-admin
  make_user controller-manager /CN=system:kube-controller-manager
  make_user coredns /CN=system:coredns
  make_user kubelet "/O=system:nodes/CN=system:node:$node_name"
  make_user proxy /CN=system:kube-proxy
  make_user scheduler /CN=system:kube-scheduler
  # What service account tokens are signed with.
  openssl genrsa -out "$pki/accounts.key" 2048
  openssl rsa -in "$pki/accounts.key" -pubout -out "$pki/accounts.pub"
  chmod 600 "$pki"/*.key
}

new_key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)

make_authority() {
  openssl req -x509 "${new_key[@]}" -days 365 -keyout "$pki/ca.key" -out "$pki/ca.crt" -subj /CN=tidegate-cluster \
    -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature
}

# make_certificate NAME SUBJECT USAGE [ALTERNATIVE_NAMES]
make_certificate() {
  local file=$pki/$1
  {
    echo basicConstraints=CA:FALSE
    echo keyUsage=critical,digitalSignature,keyEncipherment
    echo "extendedKeyUsage=$3"
    if [ -n "${4:-}" ]; then echo "subjectAltName=$4"; fi
  } >"$file.extensions"
  openssl req -new "${new_key[@]}" -keyout "$file.key" -subj "$2" -out "$file.request"
  openssl x509 -req -in "$file.request" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -CAcreateserial -days 365 \
    -extfile "$file.extensions" -out "$file.crt"
  rm "$file.request" "$file.extensions"
}

# make_user NAME SUBJECT: a certificate and a kubeconfig that holds it, good wherever it is copied.
make_user() {
  make_certificate "$1" "$2" clientAuth
  cat >"$pki/$1.kubeconfig" <<YAML
apiVersion: v1
kind: Config
clusters:
- name: tidegate
  cluster: {server: "$api", certificate-authority-data: $(base64 -w 0 "$pki/ca.crt")}
users:
- name: $1
  user:
    client-certificate-data: $(base64 -w 0 "$pki/$1.crt")
    client-key-data: $(base64 -w 0 "$pki/$1.key")
contexts:
- name: tidegate
  context: {cluster: tidegate, user: $1}
current-context: tidegate
YAML
  chmod 600 "$pki/$1.kubeconfig"
}
