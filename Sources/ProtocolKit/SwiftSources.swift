/// What every generated Swift file begins with.
private let heading = """
  // Written by `\(ProtocolDescription.generateCommand)` from protocol/. Do not edit.
  // swift-format-ignore-file


  """

/// `MethodTable.swift`: every method that has a handler.
struct MethodTableSource {
  private let methods: [MethodEntry]

  init(_ methods: [MethodEntry]) { self.methods = methods }

  /// The session itself ends what these begin; they have no handler.
  private static let handledBySession: Set<String> = ["shutdown", "exit"]

  var text: String {
    let routes = methods.filter { !Self.handledBySession.contains($0.name) }
      .map { "  Route(\(Self.typeName(of: $0.name)).self),\n" }
    return """
      \(heading)package import JSONRPC

      /// The methods of protocol/methods, in the order of the reference.
      package let methodTable: [Route<Services>] = [
      \(routes.joined())]

      """
  }

  /// `getToken` is `GetToken`, `rpc.discover` is `RPCDiscover`.
  static func typeName(of method: String) -> String {
    method.split(separator: ".").map { $0 == "rpc" ? "RPC" : $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }
}

/// `ErrorKind.swift`: the kinds with their codes.
struct ErrorKindSource {
  private let errors: ErrorCatalogue

  init(_ errors: ErrorCatalogue) { self.errors = errors }

  var text: String {
    """
    \(heading)/// What went wrong, as `error.data.kind` says it. Meanings are in protocol/errors.json.
    package enum ErrorKind: String, Sendable, CaseIterable {
    \(lines { "  case \(Self.caseName(of: $0.kind)) = \"\($0.kind)\"" })

      /// `error.code`: one per family.
      package var code: Int {
        switch self {
    \(lines { "    case .\(Self.caseName(of: $0.kind)): \($0.code)" })
        }
      }
    }

    """
  }

  private func lines(_ line: (ErrorCatalogue.Kind) -> String) -> String {
    errors.kinds.map(line).joined(separator: "\n")
  }

  /// `key_not_found` is `keyNotFound`.
  static func caseName(of kind: String) -> String {
    let words = kind.split(separator: "_")
    let name = words.prefix(1) + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }
    return name == ["internal"] ? "`internal`" : name.joined()
  }
}

extension OpenRPCDocument {
  /// `OpenRPCDocument.swift`: the document as one line of JSON, broken in the source after each method.
  var swiftSource: String {
    """
    \(heading)/// protocol/openrpc.json without white space: what `rpc.discover` answers.
    package let openRPCDocument = ##\"\"\"
    \(pieces.joined(separator: "\\##\n"))
    \"\"\"##

    """
  }
}
