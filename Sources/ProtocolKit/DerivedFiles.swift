/// A file that is written from `protocol/` and never by hand.
package struct DerivedFile: Sendable {
  /// From the root of the repository.
  package let path: String
  package let bytes: [UInt8]

  init(path: String, text: String) {
    self.path = path
    bytes = Array(text.utf8)
  }
}

extension ProtocolDescription {
  /// What `swift run generate-protocol` writes.
  package static let generateCommand = "swift run generate-protocol"

  package var derivedFiles: [DerivedFile] {
    let document = OpenRPCDocument(self)
    let page = FaultTable(faults).inserted(into: ErrorTable(errors).inserted(into: readme))
    let sources = "Sources/Methods/Generated"
    return [
      DerivedFile(path: "protocol/openrpc.json", text: document.whole.indented() + "\n"),
      DerivedFile(path: "protocol/REFERENCE.md", text: Reference(self).text),
      DerivedFile(path: "protocol/README.md", text: page),
      DerivedFile(path: "\(sources)/OpenRPCDocument.swift", text: document.swiftSource),
      DerivedFile(path: "\(sources)/MethodTable.swift", text: MethodTableSource(methods).text),
      DerivedFile(path: "\(sources)/ErrorKind.swift", text: ErrorKindSource(errors).text),
    ]
  }

  /// Paths of the derived files that are not what they should be.
  package func staleFiles(in repository: Repository) -> [String] {
    derivedFiles.filter { (try? repository.read($0.path)) != $0.bytes }.map(\.path)
  }
}
