import CurlHTTP
import Delegation
import EncryptedFileStore
import HostProcess
import LocalFiles
import OpenSSLKeys

/// Which adapters the command line and the environment choose.
struct Adapters {
  let options: Options
  let environment: ProcessEnvironment
  let passphrase: EncryptedFileStore.Passphrase

  static let version = "0.1.0"
  /// Profiles and policies are small; a larger file is a mistake.
  private static let maximumFileBytes = 4 << 20

  var ports: Ports {
    let stores = Stores(options: options, environment: environment, passphrase: passphrase)
    var ports = Ports(
      store: stores.own,
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
    ports.stores = stores
    return ports
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
