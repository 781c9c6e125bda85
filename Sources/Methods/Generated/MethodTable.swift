// Written by `swift run generate-protocol` from protocol/. Do not edit.
// swift-format-ignore-file

package import JSONRPC

/// The methods of protocol/methods, in the order of the reference.
package let methodTable: [Route<Services>] = [
  Route(Initialize.self),
  Route(Lock.self),
  Route(Ping.self),
  Route(RPCDiscover.self),
  Route(ChangePassphrase.self),
  Route(CreateKey.self),
  Route(DeleteKey.self),
  Route(GetKey.self),
  Route(ImportKey.self),
  Route(ListKeys.self),
  Route(MoveKeys.self),
  Route(RotateKey.self),
  Route(DeleteProfile.self),
  Route(GetProfile.self),
  Route(ListProfiles.self),
  Route(SaveProfile.self),
  Route(SetClientSecret.self),
  Route(GetToken.self),
  Route(InspectToken.self),
  Route(InvalidateToken.self),
  Route(MintAssertion.self),
  Route(GetAgentCard.self),
  Route(GetAgentRun.self),
  Route(InvokeAgent.self),
  Route(ListAgents.self),
  Route(ResumeAgent.self),
  Route(CallApi.self),
  Route(Diagnose.self),
  Route(Explain.self),
  Route(ExportRequest.self),
  Route(GetSetupGuide.self),
  Route(GetStatus.self),
  Route(QueryAudit.self),
  Route(VerifyAudit.self),
]
