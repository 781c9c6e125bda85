import Foundation
import Testing

/// The `openssl` program in a folder of its own: the independent judge of what we write, and the maker of what we read.
final class OpenSSLCommand: Sendable {
  struct Refused: Error {
    let arguments: [String]
    let said: String
  }

  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("openssl-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Writes `bytes` to a file of the folder, for a command to read.
  func place(_ bytes: [UInt8], as name: String) throws {
    try Data(bytes).write(to: folder.appendingPathComponent(name))
  }

  func content(of name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
  }

  /// Runs `openssl` with the words of `line` and returns what it printed.
  @discardableResult
  func callAsFunction(_ line: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["openssl"] + line.split(separator: " ").map(String.init)
    process.currentDirectoryURL = folder
    let (output, problems) = (Pipe(), Pipe())
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = problems
    try process.run()
    let printed = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let said = String(decoding: problems.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Refused(arguments: process.arguments ?? [], said: said) }
    return printed
  }

  /// What a command leaves in the file it is told to write with `-out`.
  func written(by line: String) throws -> [UInt8] {
    try self("\(line) -out made")
    return try content(of: "made")
  }
}
