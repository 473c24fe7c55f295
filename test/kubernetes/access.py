"""kubeconfigs of users that are not the administrator."""

import json


def administrators(cluster):
    return json.loads(cluster.kubectl("config", "view", "--raw", "--flatten", "-o", "json").stdout)


def write(path, config):
    path.write_text(json.dumps(config))  # JSON is YAML
    return path


def with_server(cluster, path, url):
    """The administrator's, for an API server at another address."""
    config = administrators(cluster)
    for entry in config["clusters"]:
        entry["cluster"]["server"] = url
    return write(path, config)


def with_token(cluster, path, token):
    config = administrators(cluster)
    for user in config["users"]:
        user["user"] = {"token": token}
    return write(path, config)


def of_account(cluster, namespace, path, *, rules):
    """Of a service account of the namespace that has these rights there and no others."""
    name = "little"
    cluster.apply(
        namespace,
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": name},
            "rules": rules,
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespace}],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
        },
    )
    return with_token(cluster, path, cluster.kubectl("-n", namespace, "create", "token", name).stdout.strip())
