import Foundation

/// The probe of Tests/HostProcessProbe as a child process, with pipes for its streams.
final class Probe {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private let errors = Pipe()

  /// `environment` is all it gets. With `shell` it is a child of `sh`, which runs that text with `$0` as the probe.
  init(_ arguments: String..., environment: [String: String] = [:], shell: String? = nil) throws {
    let executable = try URL(filePath: FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      .deletingLastPathComponent().appending(path: "host-process-probe")
    process.executableURL = shell == nil ? executable : URL(filePath: "/bin/sh")
    process.arguments = shell.map { ["-c", $0, executable.path] + arguments } ?? arguments
    process.environment = environment
    process.standardInput = input
    process.standardOutput = output
    process.standardError = errors
    try process.run()
  }

  var processIdentifier: Int32 { process.processIdentifier }

  /// The next line of its standard output; nil at its end.
  func nextLine() -> String? {
    var bytes: [UInt8] = []
    while let byte = try? output.fileHandleForReading.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") {
      bytes.append(byte)
    }
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }

  /// The rest of its standard output, up to the end.
  func remainingLines() -> [String] {
    String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      .split(separator: "\n").map(String.init)
  }

  /// All of its standard error, up to the end.
  func errorText() -> String { String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) }

  func closeInput() { try? input.fileHandleForWriting.close() }

  func status() -> Int32 {
    process.waitUntilExit()
    return process.terminationStatus
  }
}
