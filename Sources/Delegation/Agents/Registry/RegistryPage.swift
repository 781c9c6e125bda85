import JSON

/// One answer of the registry.
struct RegistryPage: Sendable {
  /// How many entries it has, whatever they are.
  let count: Int
  let agents: [PublishedAgent]
  /// Entries that name no agent that could be run.
  let omitted: Int
  /// Whether it names more agents than are taken in all; the rest was not read.
  let isCut: Bool
  /// `total_count`. Oracle's words for it fit the entries of this answer as well as those of all.
  let total: Int?
  let bytes: [UInt8]

  /// Documented is `resources`; the other names, and a bare array, are assumed.
  private static let names = ["resources", "agents", "items", "results"]

  /// - Throws: what is wrong with the answer, in a few words.
  init(parsing body: [UInt8]) throws(NetworkFailure.Malformed) {
    guard let root = try? JSONDocument(parsing: body).root,
      let entries = root.elements ?? Self.names.lazy.compactMap({ root[$0]?.elements }).first
    else { throw NetworkFailure.Malformed(found: "an answer that is not a list of agents") }
    count = entries.count
    var (agents, omitted): ([PublishedAgent], Int) = ([], 0)
    for entry in entries where agents.count <= RegistryReading.maximumAgents {
      if let agent = PublishedAgent(entry) { agents.append(agent) } else { omitted += 1 }
    }
    isCut = agents.count > RegistryReading.maximumAgents
    (self.agents, self.omitted) = (Array(agents.prefix(RegistryReading.maximumAgents)), omitted)
    total = root["total_count"]?.number?.integer()
    bytes = body
  }
}

/// Puts the pages of the registry together, within bounds.
struct RegistryReading {
  /// How many entries are asked for at once.
  static let pageSize = 100
  static let maximumPageBytes = 4 << 20

  /// With the longest page behind it still less than a message may have.
  private static let maximumBytes = 8 << 20
  private static let maximumPages = 50
  static let maximumAgents = 2000

  private(set) var agents: [PublishedAgent] = []
  private(set) var omitted = 0
  /// Whether the pod has, or may have, more than was read.
  private(set) var isTruncated = false
  /// Whether there is another page to ask for.
  private(set) var goesOn = true
  /// How many entries were read: where the next page begins.
  private(set) var skip = 0

  private var codes: Set<String> = []
  private var pages = 0
  private var bytes = 0
  private var last: [UInt8] = []

  mutating func take(_ page: RegistryPage) {
    let isRepeated = page.bytes == last
    let before = agents.count
    for agent in page.agents where codes.insert(agent.agent).inserted { agents.append(agent) }
    if !isRepeated {
      omitted += page.omitted
      skip += page.count
    }
    // A pod that does not know `skip` shows the same again and again.
    let isNews = agents.count > before || page.omitted > 0 && !isRepeated
    pages += 1
    bytes += page.bytes.count
    last = page.bytes
    let hasMore = page.count == Self.pageSize && !isRepeated || (page.total ?? 0) > skip
    let isFull = pages >= Self.maximumPages || bytes >= Self.maximumBytes || agents.count >= Self.maximumAgents
    goesOn = hasMore && isNews && !isFull && !page.isCut
    isTruncated = hasMore && !goesOn || page.isCut || agents.count > Self.maximumAgents
    agents = Array(agents.prefix(Self.maximumAgents))
  }
}
