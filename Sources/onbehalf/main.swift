import Delegation
import Glibc
import JSONRPC
import LocalFiles
import Methods

let store = MemoryStore()
let composition = Composition(
  store: store,
  profileFile: LocalFile(path: "/tmp/onbehalf-skeleton/config.json", maximumBytes: 1 << 20, mode: .private),
  policyFile: nil,
  proxy: nil,
  noProxy: nil
)
let services = composition.services(isAdmin: CommandLine.arguments.contains("--admin"), limits: .standard) { _ in }
let transport = try StdioTransport(input: 0, output: 1)
let server = Server(routes: methodTable, context: services, output: transport)
let ending = try await transport.run(server)
exit(ending.exitCode)
