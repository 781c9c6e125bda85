import Delegation
import EncryptedFileStore
import HostProcess
import LocalFiles
import OpenSSLKeys
import SecretServiceStore

/// The store this process was started with, and any other that is named as `--store` names them.
struct Stores: SecretStores {
  let own: any SecretStore
  private let bus: SessionBus
  private let passphrase: EncryptedFileStore.Passphrase

  init(options: Options, environment: ProcessEnvironment, passphrase: @escaping EncryptedFileStore.Passphrase) {
    bus = SessionBus(variable: environment.kept["DBUS_SESSION_BUS_ADDRESS"])
    self.passphrase = passphrase
    own =
      switch options.store {
      case .secretService: SecretServiceStore(bus: bus)
      case .memory: MemoryStore()
      case .file(let path): Self.fileStore(at: path, passphrase)
      }
  }

  func store(named name: String, passphraseFile: String?) -> (any SecretStore)? {
    if name == own.name, passphraseFile == nil { return own }
    switch Options.Store(named: name) {
    case .secretService: return SecretServiceStore(bus: bus)
    case .file(let path):
      return Self.fileStore(at: path, passphraseFile.map { PassphraseFile(path: $0).read } ?? passphrase)
    // Another memory than ours holds nothing and nobody.
    case .memory, nil: return nil
    }
  }

  func passphrase(inFile path: String) throws(StoreFailure) -> SecretBytes { try PassphraseFile(path: path).read() }

  private static func fileStore(at path: String, _ passphrase: @escaping EncryptedFileStore.Passphrase)
    -> any SecretStore
  {
    let file = LocalFile(path: path, maximumBytes: EncryptedFileStore.maximumBytes, mode: .private)
    return EncryptedFileStore(file: file, passphrase: passphrase, random: SystemRandomness())
  }
}

/// Where the passphrase of a file store comes from: the options, else a systemd credential (systemd.exec(5)).
enum PassphraseSource {
  private static let credential = "onbehalf-passphrase"

  /// Reads a descriptor at once; a file whenever the store must be opened, so that a mounted secret may be exchanged.
  static func passphrase(
    _ options: Options,
    _ environment: ProcessEnvironment
  ) throws(StoreFailure) -> EncryptedFileStore.Passphrase {
    switch options.passphrase {
    case .file(let path): return PassphraseFile(path: path).read
    case .descriptor(let number): return try PassphraseDescriptor(reading: number).passphrase
    case nil: break
    }
    if let directory = environment.kept["CREDENTIALS_DIRECTORY"], directory.utf8.first == UInt8(ascii: "/") {
      return PassphraseFile(path: "\(directory)/\(credential)").read
    }
    return { () throws(StoreFailure) in
      throw .unavailable(.noPassphrase, found: "there is no --passphrase-file, no --passphrase-fd and no credential")
    }
  }
}
