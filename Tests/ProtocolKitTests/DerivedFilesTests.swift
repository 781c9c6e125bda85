import ProtocolKit
import Testing

@Suite struct DerivedFilesTests {
  @Test func nothingDerivedIsStale() throws {
    let description = try ProtocolDescription(ProtocolSource(in: .working))
    let stale = description.staleFiles(in: .working)
    #expect(stale.isEmpty, "run: \(ProtocolDescription.generateCommand)")
  }

  @Test func aNewCodeReachesDocumentsAndCode() throws {
    var source = try ProtocolSource(in: .working)
    source.replace("\"code\": 1900", with: "\"code\": 1901", in: "errors.json")
    let stale = try ProtocolDescription(source).staleFiles(in: .working)
    #expect(stale.contains("Sources/Methods/Generated/ErrorKind.swift"))
    #expect(stale.contains("protocol/openrpc.json"))
    #expect(stale.contains("protocol/README.md"))
  }

  @Test func theErrorsOfTheReadmeComeFromErrorsJSON() throws {
    var source = try ProtocolSource(in: .working)
    source.replace("The profile is missing", with: "The profile is gone", in: "errors.json")
    let stale = try ProtocolDescription(source).staleFiles(in: .working)
    #expect(stale == ["protocol/README.md"])
  }

  @Test func aNewHintReachesTheDocuments() throws {
    var source = try ProtocolSource(in: .working)
    source.replace("listKeys shows the aliases.", with: "Look at listKeys.", in: "errors.json")
    let stale = try ProtocolDescription(source).staleFiles(in: .working)
    #expect(
      stale == [
        "protocol/openrpc.json", "protocol/README.md", "Sources/Methods/Generated/OpenRPCDocument.swift",
      ]
    )
  }
}
