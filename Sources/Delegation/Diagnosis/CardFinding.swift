import JSON

/// What the pod answers to a user who asks for the card of an agent.
///
/// Documented is the request. Assumed is that who may see the card may run the agent, what each refusal means, and that a
/// pod without A2A answers 404.
enum CardFinding {
  static func of(_ response: HTTPResponse, agent: String, user: String) -> Finding {
    switch response.status {
    case 200..<300: return card(response.body, agent, user)
    case 401:
      return Finding(
        .fail,
        "The pod does not accept the token (401).",
        hint: "Do scope and fusionUrl in the profile name the same pod, and is the scope that of fusion-ai?"
      )
    case 403:
      return Finding(
        .fail,
        "The pod does not let \(user) use the agent \(agent) (403).",
        hint: "In Fusion, give the user a role that is assigned to the agent team, and publish the team."
      ).personal
    case 404:
      return Finding(
        .warn,
        "The pod has no card of an agent \(agent) (404).",
        hint: "Compare the code with AI Agent Studio. A pod that does not serve A2A yet has no cards at all."
      )
    case 300..<400:
      return Finding(
        .fail,
        "The pod answers with a redirect (\(response.status)), which is not followed.",
        hint: "Put the pod's final origin into fusionUrl; an address that leads to a login page is not the pod's API."
      )
    default:
      return Finding(
        .fail,
        "The pod failed with status \(response.status).",
        hint: "Try again later; if it stays, give the ecid of this check to Oracle's support."
      )
    }
  }

  private static func card(_ body: [UInt8], _ agent: String, _ user: String) -> Finding {
    guard case .object = try? JSONValue(parsing: body) else {
      return Finding(
        .warn,
        "The pod answers with something that is no agent card.",
        hint: "Is fusionUrl that of the pod, and not of a proxy or a login page?"
      )
    }
    return Finding(
      .pass,
      "The pod shows \(user) the card of the agent \(agent); that the user may then run it is assumed."
    ).personal
  }
}
