// swift-tools-version: 6.2

import PackageDescription

// Rules of this file: one section per target with its tests, one dependency per line, and a target depends only on
// what stands to its right in the chain of Sources/README.md. Build with
// `--explicit-target-dependency-import-check error`; Tests/TidyTests holds what that flag misses.

// libFuzzer brings a `main` of its own and would break a plain build: Tests/fuzz/README.md has the command.
let isFuzzing = Context.environment["ONBEHALF_FUZZ"] == "1"
let sanitizer: [SwiftSetting] = isFuzzing ? [.unsafeFlags(["-sanitize=fuzzer"])] : []

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, path: "Sources/\(name)", swiftSettings: settings + sanitizer)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: "\(name)Tests",
    dependencies: dependencies + ["TestSupport"],
    path: "Tests/\(name)Tests",
    swiftSettings: settings
  )
}

func fuzzer(_ name: String, _ dependencies: [Target.Dependency], folder: String) -> Target {
  .executableTarget(
    name: name,
    dependencies: dependencies + ["FuzzDriver"],
    path: "Tests/fuzz/\(folder)",
    swiftSettings: settings + sanitizer,
    linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])]
  )
}

let package = Package(
  name: "onbehalf",
  products: [.executable(name: "onbehalf", targets: ["onbehalf"])],
  targets: [
    // System libraries: a module map and a shim header each.
    .systemLibrary(
      name: "COpenSSL",
      path: "Sources/COpenSSL",
      pkgConfig: "openssl",
      providers: [.apt(["libssl-dev"])]
    ),
    .systemLibrary(
      name: "CLibSecret",
      path: "Sources/CLibSecret",
      pkgConfig: "libsecret-1",
      providers: [.apt(["libsecret-1-dev"])]
    ),
    .systemLibrary(
      name: "CCurl",
      path: "Sources/CCurl",
      pkgConfig: "libcurl",
      providers: [.apt(["libcurl4-openssl-dev"])]
    ),
    .systemLibrary(name: "CLinux", path: "Sources/CLinux"),

    // Counting.
    module("Metrics"),
    tests("Metrics", ["Metrics"]),

    // The wire.
    module("JSON"),
    tests("JSON", ["JSON"]),
    module("JSONRPC", ["JSON", "Metrics"]),
    tests("JSONRPC", ["JSON", "JSONRPC", "Metrics"]),

    // The domain.
    module("Delegation", ["JSON", "Metrics"]),
    tests("Delegation", ["Delegation", "JSON", "Metrics"]),

    // The protocol's face of the domain.
    module("Methods", ["Delegation", "JSON", "JSONRPC", "Metrics"]),
    tests("Methods", ["Delegation", "JSON", "JSONRPC", "Methods", "OpenSSLKeys", "ProtocolKit"]),

    // MCP's face of the domain.
    module("MCPServer", ["Delegation", "JSON", "JSONRPC"]),
    tests("MCPServer", ["Delegation", "JSON", "JSONRPC", "MCPServer", "OpenSSLKeys"]),

    // Adapters.
    module("CurlHTTP", ["CCurl", "CLinux", "Delegation"]),
    tests("CurlHTTP", ["CurlHTTP", "Delegation"]),
    module("EncryptedFileStore", ["COpenSSL", "Delegation"]),
    tests("EncryptedFileStore", ["Delegation", "EncryptedFileStore"]),
    module("LocalFiles", ["CLinux", "Delegation"]),
    tests("LocalFiles", ["Delegation", "LocalFiles", "OpenSSLKeys"]),
    module("OpenSSLKeys", ["COpenSSL", "Delegation"]),
    tests("OpenSSLKeys", ["COpenSSL", "Delegation", "JSON", "OpenSSLKeys"]),
    module("SecretServiceStore", ["CLibSecret", "Delegation"]),
    tests("SecretServiceStore", ["CLibSecret", "Delegation", "SecretServiceStore"]),

    // The process.
    module("HostProcess", ["CLinux"]),
    tests("HostProcess", ["HostProcess", "host-process-probe"]),
    .executableTarget(
      name: "host-process-probe",
      dependencies: ["CLinux", "HostProcess"],
      path: "Tests/HostProcessProbe",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "onbehalf",
      dependencies: [
        "CurlHTTP",
        "Delegation",
        "EncryptedFileStore",
        "HostProcess",
        "JSON",
        "JSONRPC",
        "LocalFiles",
        "MCPServer",
        "Methods",
        "OpenSSLKeys",
        "SecretServiceStore",
      ],
      path: "Sources/onbehalf",
      swiftSettings: settings
    ),

    // The protocol as data: reads protocol/, checks it, writes what is derived from it.
    module("ProtocolKit", ["JSON"]),
    tests("ProtocolKit", ["JSON", "ProtocolKit"]),
    .executableTarget(
      name: "generate-protocol",
      dependencies: ["ProtocolKit"],
      path: "Sources/generate-protocol",
      swiftSettings: settings
    ),

    // What tests share: fakes that refuse what was not planned, a manual clock, vectors.
    .target(
      name: "TestSupport",
      dependencies: ["Delegation", "JSON", "JSONRPC"],
      path: "Tests/Support",
      swiftSettings: settings
    ),
    tests("Tidy", []),
  ]
)

if isFuzzing {
  package.targets += [
    .target(name: "FuzzDriver", path: "Tests/fuzz/Driver", swiftSettings: settings + sanitizer),
    fuzzer("fuzz-framing", ["JSON", "JSONRPC"], folder: "Framing"),
    fuzzer("fuzz-json", ["JSON"], folder: "JSON"),
    fuzzer("fuzz-keys", ["Delegation", "OpenSSLKeys"], folder: "Keys"),
    fuzzer("fuzz-paths", ["Delegation"], folder: "Paths"),
    fuzzer("fuzz-streams", ["Delegation", "JSON"], folder: "Streams"),
    fuzzer("fuzz-tokens", ["Delegation", "OpenSSLKeys"], folder: "Tokens"),
  ]
}
