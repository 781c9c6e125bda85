import JSON
import TestSupport
import Testing

@testable import Delegation

/// Entries of a registry that may hold anything.
struct PublishedAgentTests {
  private func agent(_ entry: String) throws -> PublishedAgent? {
    PublishedAgent(try JSONDocument(parsing: Array(entry.utf8)).root)
  }

  @Test func readsTheDocumentedEntry() throws {
    let entry = #"""
      {"id": "HR_TEAM", "name": "People", "location": {"type": "agent_card", "url": "https://pod.example/x"}}
      """#
    let agent = try #require(try agent(entry))
    #expect(
      String(decoding: try JSONWriter.encode(agent), as: UTF8.self)
        == #"{"agent":"HR_TEAM","name":"People","cardUrl":"https://pod.example/x"}"#
    )
  }

  @Test(arguments: ["card", "agentCard", nil]) func readsACardInTheEntryOrAsTheEntry(_ wrapper: String?) throws {
    let card = #"""
      {"name": "People", "description": "Knows leave.", "version": 3, "url": "https://pod.example/a2a/v1/HR_TEAM",
       "provider": {"organization": "ACME", "url": "https://acme.example"}, "capabilities": {"streaming": false},
       "defaultInputModes": ["text/plain", 7, null], "defaultOutputModes": "text",
       "skills": [{"id": "leave", "name": "Leave", "tags": ["days", {}]}, {"name": "without id"}, 5]}
      """#
    let agent = try #require(try agent(wrapper.map { #"{"\#($0)": \#(card)}"# } ?? card))
    #expect(agent.agent == "HR_TEAM")
    #expect([agent.name, agent.description, agent.version, agent.provider] == ["People", "Knows leave.", "3", "ACME"])
    #expect(agent.streaming == false)
    #expect(agent.inputModes == ["text/plain", "7"])
    #expect(agent.outputModes == nil)
    #expect(agent.skills == [.init(id: "leave", name: "Leave", description: nil, tags: ["days"])])
    #expect(agent.cardUrl == nil, "its url is where it is called, not where its card is")
  }

  @Test(
    arguments: [
      (#"{"id": "HR_TEAM", "location": {"url": "/a2a/v1/OTHER"}}"#, "HR_TEAM"),
      (#"{"id": "17", "workflowCode": "HR_TEAM"}"#, "17"),
      (#"{"id": "a-uuid", "workflowCode": "HR_TEAM"}"#, "HR_TEAM"),
      (#"{"id": "a-uuid", "location": {"url": "https://x/a2a/v1/HR_TEAM/.well-known/agent.json"}}"#, "HR_TEAM"),
      (#"{"url": "https://x/api/fusion-ai/orchestrator/a2a/v1/HR_TEAM?x#y"}"#, "HR_TEAM"),
      (#"{"location": {"url": 5}, "url": "/a2a/v1/HR_TEAM"}"#, "HR_TEAM"),
      (#"{"card": null, "url": "/a2a/v1/HR_TEAM"}"#, "HR_TEAM"),
      (#"{"id": "hr team"}"#, nil), (#"{"id": "../HR"}"#, nil), (#"{"id": ""}"#, nil), (#"{"id": 17}"#, nil),
      (#"{"url": "/a2a/v1/"}"#, nil), (#"{"url": "/a2a/v1/../HR_TEAM"}"#, nil), (#"{"url": "/a2a/v1/HR%5FTEAM"}"#, nil),
      (#"{"url": "/a2a/v1/agents/search"}"#, nil), (#"{"url": "/a2a/v2/HR_TEAM"}"#, nil), ("{}", nil), ("[]", nil),
      ("null", nil), (#""HR_TEAM""#, nil),
    ] as [(String, String?)]
  )
  func anAgentIsNamedByACodeOrNotAtAll(_ entry: String, _ code: String?) throws {
    #expect(try agent(entry)?.agent == code)
  }

  @Test(
    arguments: [
      (#"a\u0000b\u001b[31m\r\nc"#, "a b [31m  c"), (#"\u202egnitirw\u202c"#, "gnitirw"), (#"a\u200bb\ufeffc"#, "abc"),
      (#"\u2028\u2029\u0085x"#, "   x"), (#"👩\u200d👧 ñ \u0644"#, "👩\u{200d}👧 ñ ل"),
      (#"\udb40\udc41\udb40\udc42seen"#, "seen"), (#"\u200b\u00ad"#, nil),
      (#"a\ufe0f\udb40\udd00b\u180b"#, "ab"), (#"\u3164\u115f\u034f"#, nil), (#" \n "#, nil), ("", nil),
    ] as [(String, String?)]
  )
  func wordsAreSafeToShow(_ name: String, _ shown: String?) throws {
    let agent = try agent(#"{"id": "A", "name": "\#(name)"}"#)
    #expect(agent?.name.map { Array($0.utf8) } == shown.map { Array($0.utf8) })
  }

  @Test func wordsAndListsAreCutToSize() throws {
    let (long, skill) = (String(repeating: "é", count: 5000), #"{"id":"s","tags":[\#(words(40))]}"#)
    let skills = Array(repeating: skill, count: 50).joined(separator: ",")
    let entry = #"""
      {"id": "A", "name": "\#(long)", "description": "\#(long)", "defaultInputModes": [\#(words(40))], "skills": [\#(skills)]}
      """#
    let agent = try #require(try agent(entry))
    #expect(agent.name?.unicodeScalars.count == 201)
    #expect(agent.name?.unicodeScalars.last == "…")
    #expect(agent.description?.unicodeScalars.count == 2001)
    #expect(agent.inputModes?.count == 16)
    #expect(agent.skills?.count == 32)
    #expect(agent.skills?.first?.tags?.count == 16)
  }

  private func words(_ count: Int) -> String { (0..<count).map { #""word \#($0)""# }.joined(separator: ",") }

  // MARK: Laws

  /// An answer put together by chance from the names that are read and from values of every kind.
  private func answer(_ random: inout SeededRandom, depth: Int = 0) -> JSONValue {
    let names = [
      "resources", "agents", "items", "id", "name", "location", "url", "card", "agentCard", "skills", "description",
      "total_count", "tags", "version", "provider", "organization", "capabilities", "streaming", "defaultInputModes",
    ]
    let texts = [
      "HR_TEAM", "", "../X", "\u{0}\u{1b}\u{202e}\u{e0041}", "https://x/a2a/v1/PAY/.well-known/agent.json",
      String(repeating: "\u{200b}A", count: 3000), "🜁\u{301}\u{2029}",
    ]
    switch random.next(depth > 4 ? 4 : 7) {
    case 0: return .null
    case 1: return .bool(true)
    case 2: return .number(JSONNumber(validated: ["0", "-1", "1e999", "99999999999999999999"][random.next(4)]))
    case 3: return .string(texts[random.next(texts.count)])
    case 4: return .array((0..<random.next(6)).map { _ in answer(&random, depth: depth + 1) })
    default:
      return .object(
        (0..<random.next(8)).map { _ in .init(names[random.next(names.count)], answer(&random, depth: depth + 1)) }
      )
    }
  }

  @Test(arguments: 0..<2000) func whateverComesIsReadWithinBounds(seed: Int) throws {
    var random = SeededRandom(seed)
    let body = JSONValue.object([.init("resources", answer(&random)), .init("agents", answer(&random))]).serialized()
    guard let page = try? RegistryPage(parsing: body) else { return }
    #expect(page.omitted >= 0)
    for agent in page.agents {
      #expect(AgentNames.isCode(agent.agent))
      let skills = agent.skills ?? []
      let words = (agent.inputModes ?? []) + (agent.outputModes ?? []) + skills.flatMap { $0.tags ?? [] }
      let texts = [agent.name, agent.description, agent.version, agent.provider, agent.cardUrl].compactMap(\.self)
      let scalars = (texts + words + skills.map(\.id)).flatMap(\.unicodeScalars)
      #expect(!scalars.contains { $0.properties.generalCategory == .control || $0 == "\u{202e}" })
      #expect(texts.allSatisfy { $0.unicodeScalars.count <= 2001 })
      let written = try JSONWriter.encode(agent)
      #expect(try JSONValue(parsing: written)["agent"] == .string(agent.agent))
    }
  }

  @Test(arguments: 0..<200) func damagedBytesAreReadOrRefused(seed: Int) throws {
    var random = SeededRandom(seed)
    var body = Array(
      #"{"resources":[{"id":"HR_TEAM","name":"\u00e9","location":{"url":"/a2a/v1/B"}}],"total_count":1}"#.utf8
    )
    for _ in 0..<(1 + random.next(4)) { body[random.next(body.count)] = UInt8(truncatingIfNeeded: random.next(256)) }
    let page = try? RegistryPage(parsing: body)
    #expect(page?.agents.allSatisfy { AgentNames.isCode($0.agent) } ?? true)
  }
}
