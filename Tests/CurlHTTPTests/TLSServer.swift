import Foundation

/// A certificate authority in a folder of its own, which goes with it.
final class TestAuthority: Sendable {
  let folder: URL
  var certificatePath: String { folder.appending(path: "ca.pem").path }

  init() throws {
    folder = URL.temporaryDirectory.appending(path: "onbehalf-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try openssl(
      "req",
      "-x509",
      "-nodes",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-days",
      "2",
      "-keyout",
      "ca.key",
      "-out",
      "ca.pem",
      "-subj",
      "/CN=authority \(UUID().uuidString)"
    )
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// A server's certificate and key, in one file; its path.
  func issue(names: String, days: Int = 2) throws -> String {
    let name = UUID().uuidString
    try Data("subjectAltName=\(names)".utf8).write(to: folder.appending(path: "\(name).ext"))
    try openssl(
      "req",
      "-nodes",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-keyout",
      "\(name).key",
      "-out",
      "\(name).csr",
      "-subj",
      "/CN=server"
    )
    try openssl(
      "x509",
      "-req",
      "-in",
      "\(name).csr",
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-days",
      String(days),
      "-extfile",
      "\(name).ext",
      "-out",
      "\(name).pem"
    )
    let files = try ["pem", "key"].map { try Data(contentsOf: folder.appending(path: "\(name).\($0)")) }
    let path = folder.appending(path: "\(name).both")
    try files.reduce(Data(), +).write(to: path)
    return path.path
  }

  /// One that nobody else has signed.
  func selfSigned(names: String) throws -> String {
    let path = folder.appending(path: UUID().uuidString).path
    try openssl(
      "req",
      "-x509",
      "-nodes",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-days",
      "2",
      "-subj",
      "/CN=self",
      "-addext",
      "subjectAltName=\(names)",
      "-keyout",
      "\(path).key",
      "-out",
      "\(path).pem"
    )
    let files = try ["pem", "key"].map { try Data(contentsOf: URL(filePath: "\(path).\($0)")) }
    try files.reduce(Data(), +).write(to: URL(filePath: path))
    return path
  }

  private func openssl(_ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/openssl")
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
  }
}

/// `openssl s_server` on a free port of 127.0.0.1; it answers every GET with a page about the session.
final class TLSServer {
  let port: Int
  private let process = Process()

  init(_ certificateAndKey: String, options: [String] = []) throws {
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/openssl")
    process.arguments =
      ["s_server", "-accept", "127.0.0.1:0", "-www", "-cert", certificateAndKey, "-key", certificateAndKey] + options
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    // "ACCEPT 127.0.0.1:PORT" is the first thing it says.
    var text = ""
    while !text.hasSuffix("\n") || !text.contains("ACCEPT ") {
      let bytes = output.fileHandleForReading.availableData
      guard !bytes.isEmpty else { throw CocoaError(.executableLoad) }
      text += String(decoding: bytes, as: UTF8.self)
    }
    guard let port = text.split(whereSeparator: { ":\n".contains($0) }).last.flatMap({ Int($0) }) else {
      throw CocoaError(.executableLoad)
    }
    self.port = port
  }

  func stop() {
    // SIGTERM may be blocked: a child inherits the mask of the thread that starts it.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
