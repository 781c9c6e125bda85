"""How the token endpoint says no. The names of `error` come from Oracle's pages or from working public code;
a text marked *assumed* was found nowhere, so no client may depend on it."""

from enum import Enum

from authlib.oauth2 import OAuth2Error


class Refusal(Enum):
    """HTTP status, `error`, `error_description`."""

    CLIENT = 401, "invalid_client", "Client authentication failed."  # documented
    INACTIVE_CLIENT = 401, "invalid_client", "OAuth Client app is inactive"  # text seen in the field, code assumed
    SYSTEM_ERROR = 400, "invalid_request", "system error"  # text seen in the field, code assumed
    ASSERTION = 400, "invalid_request", "Invalid assertion."  # code seen in the field, text assumed
    USER = 400, "invalid_grant", "Invalid user."  # code seen in the field, text assumed
    SCOPE = 400, "invalid_scope", "Invalid scope."  # code seen in the field, text assumed
    NOT_GRANTED = 400, "unauthorized_client", "Client authorization failed."  # seen in a lab of 2018
    REQUEST = 400, "invalid_request", "Invalid request."  # assumed
    MEDIA_TYPE = 415, "invalid_request", "Unsupported media type."  # assumed
    GRANT_TYPE = 400, "unsupported_grant_type", "Unsupported grant type."  # RFC 6749, text assumed


class Refused(OAuth2Error):
    """A refusal and its reason, which goes to the audit list and never onto the wire."""

    def __init__(self, refusal: Refusal, reason: str) -> None:
        status, error, description = refusal.value
        super().__init__(description=description, status_code=status, error=error)
        self.reason = reason
