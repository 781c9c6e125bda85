import CurlHTTP
import Delegation
import EncryptedFileStore
import HostProcess
import LocalFiles
import OpenSSLKeys
import SecretServiceStore

/// Which adapters the command line and the environment choose.
struct Adapters {
  let options: Options
  let environment: ProcessEnvironment

  static let version = "0.1.0"
  /// Profiles and policies are small; a larger file is a mistake.
  private static let maximumFileBytes = 4 << 20

  var ports: Ports {
    Ports(
      store: store,
      keys: OpenSSLSigningKeys(),
      digests: OpenSSLDigests(),
      http: CurlHTTPClient(
        CurlHTTPClient.Configuration(
          userAgent: "onbehalf/\(Self.version)",
          proxy: environment.proxy,
          noProxy: environment.noProxy
        )
      ),
      profileFile: profileFile,
      policyFile: policyFile,
      wallClock: SystemWallClock(),
      clock: ContinuousClock(),
      random: SystemRandomness()
    )
  }

  private var store: any SecretStore {
    switch options.store {
    case .secretService:
      return SecretServiceStore(bus: SessionBus(variable: environment.kept["DBUS_SESSION_BUS_ADDRESS"]))
    case .memory: return MemoryStore()
    case .file(let path):
      let file = LocalFile(path: path, maximumBytes: EncryptedFileStore.maximumBytes, mode: .private)
      return EncryptedFileStore(file: file, passphrase: passphrase, random: SystemRandomness())
    }
  }

  /// Read whenever the store must be opened, so that a mounted secret may be exchanged.
  private var passphrase: @Sendable () throws(StoreFailure) -> SecretBytes {
    guard let path = options.passphraseFile else {
      return { () throws(StoreFailure) in throw .unavailable(.noPassphrase, found: "there is no --passphrase-file") }
    }
    return PassphraseFile(path: path).read
  }

  /// `--config`, else the user's own. Without either there are only the profiles of `initialize`.
  private var profileFile: any GuardedFile {
    if let path = options.configPath {
      return LocalFile(path: path, maximumBytes: Self.maximumFileBytes, mode: .private)
    }
    // XDG Base Directory Specification: a missing ~/.config is made, too.
    let path = "\(configHome)/onbehalf/config.json"
    return LocalFile(path: path, maximumBytes: Self.maximumFileBytes, mode: .private, createdDirectories: 2)
  }

  private var policyFile: (any GuardedFile)? {
    options.policyPath.map {
      LocalFile(path: $0, maximumBytes: Self.maximumFileBytes, mode: .readableByOthers)
    }
  }

  /// XDG Base Directory Specification: a relative `XDG_CONFIG_HOME` is ignored.
  private var configHome: String {
    if let path = environment.kept["XDG_CONFIG_HOME"], path.utf8.first == UInt8(ascii: "/") { return path }
    return "\(environment.kept["HOME"] ?? "/nonexistent")/.config"
  }
}
