import Delegation
import JSONRPC

/// What `createKey` and `importKey` bind a key to: both members or neither.
enum BindingParams {
  static func binding(identityDomainUrl: String?, clientId: String?) throws(Failure) -> KeyBinding? {
    do throws(ParamsFailure) {
      switch (identityDomainUrl, clientId) {
      case (nil, nil): return nil
      case (let url?, let client?):
        try FieldRules.printable(client, field: "clientId", maximum: 256)
        return KeyBinding(
          identityDomainUrl: try FieldRules.origin(url, field: "identityDomainUrl").text,
          clientId: client
        )
      case (_?, nil): throw ParamsFailure("clientId", "is needed beside identityDomainUrl")
      case (nil, _?): throw ParamsFailure("identityDomainUrl", "is needed beside clientId")
      }
    } catch {
      throw .params(error)
    }
  }
}
