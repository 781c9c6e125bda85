import Glibc
import ProtocolKit

/// Writes what is derived from `protocol/`; with `--check` only says what is stale. Run in the root of the repository.
func run(_ arguments: [String]) throws -> Int32 {
  guard arguments.isEmpty || arguments == ["--check"] else {
    print("usage: generate-protocol [--check]")
    return 2
  }
  let repository = Repository(root: ".")
  let description = try ProtocolDescription(ProtocolSource(in: repository))
  let stale = description.staleFiles(in: repository)
  if arguments == ["--check"] {
    for path in stale { print("\(path) is stale: \(ProtocolDescription.generateCommand)") }
    return stale.isEmpty ? 0 : 1
  }
  for file in description.derivedFiles where stale.contains(file.path) {
    try repository.write(file.bytes, to: file.path)
    print(file.path)
  }
  return 0
}

do {
  exit(try run(Array(CommandLine.arguments.dropFirst())))
} catch {
  print(error)
  exit(1)
}
