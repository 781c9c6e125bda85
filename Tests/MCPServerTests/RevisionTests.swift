import MCPServer
import Testing

@Suite struct RevisionTests {}
