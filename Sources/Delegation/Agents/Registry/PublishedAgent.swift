import JSON

/// An agent as the pod's registry shows it.
///
/// All but the code are the pod's words: data for people and programs to read, cut to size. Nothing here acts on them.
package struct PublishedAgent: Sendable, Equatable, Encodable {
  /// Its code.
  package let agent: String
  package let name: String?
  package let description: String?
  package let version: String?
  package let provider: String?
  package let streaming: Bool?
  package let inputModes: [String]?
  package let outputModes: [String]?
  package let skills: [Skill]?
  package let cardUrl: String?

  package struct Skill: Sendable, Equatable, Encodable {
    package let id: String
    package let name: String?
    package let description: String?
    package let tags: [String]?
  }

  private static let maximumSkills = 32
  private static let maximumWords = 16

  /// Documented are `id`, `name` and `location`. That an entry may be a card or hold one is assumed: such a pod is
  /// understood, too.
  ///
  /// Nil without a code to run it by.
  init?(_ entry: JSONElement) {
    let card = [entry["card"], entry["agentCard"]].lazy.compactMap(\.self).first { $0.members != nil } ?? entry
    let urls = [entry["location"]?["url"], entry["url"], card["url"]].compactMap { $0?.string }
    guard let code = Self.code(entry) ?? urls.lazy.compactMap(AgentCards.code).first else { return nil }
    agent = code
    name = PodText.short(entry["name"] ?? card["name"])
    description = PodText.long(card["description"])
    version = PodText.short(card["version"])
    provider = PodText.short(card["provider"]?["organization"])
    streaming = card["capabilities"]?["streaming"]?.bool
    inputModes = Self.words(card["defaultInputModes"])
    outputModes = Self.words(card["defaultOutputModes"])
    skills = card["skills"]?.elements.map { $0.lazy.compactMap(Skill.init).prefix(Self.maximumSkills) }.map(Array.init)
    cardUrl = PodText.long(entry["location"]?["url"])
  }

  private static func code(_ entry: JSONElement) -> String? {
    [entry["id"], entry["workflowCode"]].lazy.compactMap { $0?.string }.first(where: AgentNames.isCode)
  }

  fileprivate static func words(_ value: JSONElement?) -> [String]? {
    value?.elements.map { $0.lazy.compactMap(PodText.short).prefix(maximumWords) }.map(Array.init)
  }
}

extension PublishedAgent.Skill {
  fileprivate init?(_ skill: JSONElement) {
    guard let id = PodText.short(skill["id"]) else { return nil }
    self.id = id
    name = PodText.short(skill["name"])
    description = PodText.long(skill["description"])
    tags = PublishedAgent.words(skill["tags"])
  }
}

/// Words of the pod without what could act on the one who shows them, and no longer than is read.
enum PodText {
  static func short(_ value: JSONElement?) -> String? { text(value, limit: 200) }
  static func long(_ value: JSONElement?) -> String? { text(value, limit: 2000) }

  /// A number is taken as it is written.
  private static func text(_ value: JSONElement?, limit: Int) -> String? {
    guard let text = value?.string ?? value?.number?.text else { return nil }
    return plain(text, limit: limit)
  }

  /// Control characters and line breaks become spaces. What steers the direction of text, or is there without being
  /// seen, is left out; joiners, which letters need, are not. Nil when nothing is left.
  private static func plain(_ text: String, limit: Int) -> String? {
    var plain = String.UnicodeScalarView()
    var count = 0
    for scalar in text.unicodeScalars {
      guard let shown = shown(scalar) else { continue }
      guard count < limit else {
        plain.append("…")
        break
      }
      plain.append(shown)
      count += 1
    }
    return plain.allSatisfy { $0 == " " } ? nil : String(plain)
  }

  private static func shown(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
    if (" "..."~").contains(scalar) { return scalar }
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: return " "
    case .format: return scalar == "\u{200C}" || scalar == "\u{200D}" ? scalar : nil
    default: return scalar.properties.isDefaultIgnorableCodePoint ? nil : scalar
    }
  }
}
