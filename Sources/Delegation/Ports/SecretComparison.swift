extension SecretBytes {
  /// Compares in a time that does not depend on where the two differ.
  package borrowing func holdsTheSame(as other: borrowing SecretBytes) -> Bool {
    guard count == other.count else { return false }
    return withUnsafeBytes { left in
      other.withUnsafeBytes { right in
        zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
      }
    }
  }
}
