// Linked with one whole layer and the layers it declares: a call to anything else does not link.
int main() {
  return 0;
}
