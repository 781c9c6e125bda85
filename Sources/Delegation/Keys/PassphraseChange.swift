extension KeyService {
  /// Seals the process's own store under the passphrase in the file at `path`.
  package func changePassphrase(toFile path: String, for caller: any Caller) async throws(Failure) {
    let passphrase: SecretBytes
    do { passphrase = try stores.passphrase(inFile: path) } catch { throw .store(error, store: store.name) }
    try beginWriting(for: caller)
    do { try await store.changePassphrase(to: passphrase, deadline: caller.deadline) } catch {
      throw .store(error, store: store.name)
    }
  }
}
