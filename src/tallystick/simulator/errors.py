"""The words Autotask refuses with, each with where they were seen.

Marks: [official] Autotask's help pages, [live] quoted by somebody who met it on a tenant,
[inference] invented here because nobody published the text; clients must not depend on those.
"""

from __future__ import annotations

from collections.abc import Sequence


class Refusal(Exception):
    """The API answers a request with an error instead of doing it.

    ``errors`` becomes ``{"errors": [...]}``; the status is 500 because Autotask answers validation
    errors with 500 [official].
    """

    def __init__(self, errors: str | Sequence[str], status: int = 500) -> None:
        self.errors = [errors] if isinstance(errors, str) else list(errors)
        self.status = status
        super().__init__("; ".join(self.errors))


# Access. [live] readme of a public npm client.
ZONE_UNKNOWN = "Zone information could not be determined"
CODE_INVALID = "IntegrationCode is invalid."
# [inference] the body of a 401 was never published; see the knob body_401.
ACCESS_DENIED = "Authorization has been denied for this request."
# [live] a public client meets it with status 500 although the documentation says 403; its end is
# [inference].
NO_RIGHT = (
    "The logged in Resource does not have the adequate permissions to {act} this entity type."
)
NO_PERMISSION = NO_RIGHT.format(act="query")

# Limits.
THREADS = "The Autotask API thread threshold of {limit} threads has been exceeded."  # [live]
# [inference] no published text for the hourly limit.
HOURLY = (
    "The external API request threshold of {limit} requests per {minutes} minutes has been "
    "exceeded."
)

# Routing: the framework's own texts. The 405 was seen live; the 404 is [inference].
NOT_ALLOWED = "The requested resource does not support http method '{method}'."
NO_RESOURCE = "No HTTP resource was found that matches the request URI '{uri}'."
INTERNAL = "An error has occurred."

# Queries.
MAX_RECORDS = "maxCountOfRecordsToReturn must be between 1 and 500"  # [live]
TOO_MANY_ORS = (  # [official] SOAP page
    "Invalid query syntax. Queries are limited to 500 or fewer 'OR' conditions."
)
# [inference] all of the following
FILTER_REQUIRED = "Invalid query: a filter is required."
UNKNOWN_FIELD = "Unable to find {field} in the {entity} Entity."
FIELD_NOT_QUERYABLE = "The field {field} of the {entity} Entity cannot be queried."
UNKNOWN_OPERATOR = "Invalid query operator: {op}."
VALUE_NEEDED = "The operator {op} on field {field} needs a value."
LIST_NEEDED = "The operator {op} on field {field} needs a list of values."
TEXT_OPERATOR = "The operator {op} cannot be used with field {field}."
BOOLEAN_NEEDED = "The value of field {field} must be true or false."
BAD_VALUE = "The value {value} is not valid for field {field}."
ONE_UDF = "Only one user defined field can be queried at a time."
ID_NEEDED = "IncludeFields must contain id when more than one page of records matches."

# Writes.
PARSE = (
    "Unexpected character encountered while parsing value: {character}. Path '{path}'."  # [live]
)
BAD_INTEGER = "Input string '{value}' is not a valid integer. Path '{path}'."  # [inference]
BAD_NUMBER = "Could not convert string to decimal: {value}. Path '{path}'."  # [inference]
BAD_DATE = "Could not convert string to DateTime: {value}. Path '{path}'."  # [inference]
REQUIRED = "Required field {field} is missing."  # [inference]
TOO_LONG = "The field {field} allows {length} characters at most."  # [inference]
NOT_IN_PICKLIST = "Value {value} is not valid for picklist field {field}."  # [inference]
REFERENCE = (
    "Reference value on field: {field} of type: {type} does not exist or is invalid."  # [live]
)
BILLING_CODE = "BillingCode does not exist or is invalid"  # [live] an integrator's help page
ID_REQUIRED = "The id of the record to update is required."  # [inference]
NOT_FOUND = (  # [live] a public client, on delete
    "No message. No matching records found. The logged in Resource may not have the required "
    "permissions to delete the data."
)
NOT_FOUND_UPDATE = "No matching records found."  # [inference]
SERVICE_NAME_TAKEN = (  # [live] an integrator's help page
    "Violation of UNIQUE KEY constraint 'IX_service'. Cannot insert duplicate key in object "
    "'dbo.Service'. The duplicate key value is ({name}). Error updating database for new entity "
    "records."
)
CHARGE_NEEDS_CODE = "ContractCharge must have either a productID or billingCodeID."  # [official]
CHARGE_CODE_TYPE = "billingCodeID must reference a Material Cost Code."  # [inference]
CHARGE_CONTRACT_TYPE = (  # the rule is official, the text an inference
    "A charge cannot be created for a Block, Retainer, or Incident type Contract."
)
CHARGE_BILLED = "The charge has been billed and cannot be changed or deleted."  # [inference]
END_BEFORE_START = "endDate must not be before startDate."  # [inference]

# Adjustments and contract services.
OUTSIDE_CONTRACT = (  # [live]
    "ContractServiceAdjustment effectiveDate must be between the start date and end date of the "
    "Contract referenced by contractID."
)
DUPLICATE_PERIOD = "Attempt to insert duplicate data into contract_service_period"  # [live]
# [inference] all of the following
PERIOD_POSTED = "Unable to make changes to an already approved and posted contract period."
BELOW_ZERO = "The adjustment would make the number of units of the contract service negative."
ZERO_UNITS = "The number of units of the contract service must be greater than zero."
CONTRACT_INACTIVE = "The Contract referenced by contractID is not active."
CONTRACT_NOT_RECURRING = (
    "The Contract referenced by contractID must be a Recurring Service contract."
)
LINE_OF_OTHER_CONTRACT = (
    "The ContractService referenced by contractServiceID does not belong to the Contract "
    "referenced by contractID."
)
LINE_NEEDED = "Either contractServiceID or both contractID and serviceID are required."
PERIOD_TYPE_MISMATCH = (
    "The period type of the Service does not match the period type of the Contract."
)
