"""The catalogue of audit events: the names people filter by."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    NOT_APPLICABLE = "not_applicable"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()

    @property
    def tone(self) -> str:
        return {
            Status.PROCESSING: "blue",
            Status.SUCCEEDED: "green",
            Status.FAILED: "red",
            Status.NOT_APPLICABLE: "secondary",
        }[self]


class Event(StrEnum):
    """``room.act``; the label is what the screens and the API filter show."""

    PURCHASE_SUBSCRIPTION = "subscription.purchase"
    UPDATE_SUBSCRIPTION = "subscription.update"
    CANCEL_SUBSCRIPTION = "subscription.cancel"
    EXPIRE_SUBSCRIPTION = "subscription.expire"
    DELETE_SUBSCRIPTION = "subscription.delete"
    SUSPEND_SUBSCRIPTION = "subscription.suspend"
    REACTIVATE_SUBSCRIPTION = "subscription.reactivate"
    CONVERT_TRIAL = "subscription.convert_trial"
    RENEW_SUBSCRIPTION = "subscription.renew"
    MOVE_SUBSCRIPTION = "subscription.move"
    RECEIVE_SUBSCRIPTION = "subscription.receive"
    MOVE_CUSTOMER = "customer.move"
    CREATE_RESELLER = "reseller.create"
    RENAME_RESELLER = "reseller.rename"
    CHANGE_OFFER = "subscription.change_offer"
    UPDATE_SUBSCRIPTION_ON_CONNECTION = "subscription.update_on_connection"
    REQUEST_SYNC = "subscription.request_sync"
    RESOLVE_OPERATION = "subscription.resolve_operation"
    APPROVE_OPERATION = "subscription.approve_operation"
    DRIFT_FOUND = "subscription.drift_found"
    DRIFT_GONE = "subscription.drift_gone"
    LOOK_AT_LINES = "connection.look_at_lines"
    KEEP_DRIFT = "subscription.keep_drift"
    RESTORE_LINE = "subscription.restore_line"
    AGREE_DRIFT = "subscription.agree_drift"
    CORRECT_CHANGE = "subscription.correct_change"
    SECOND_WRITER_SEEN = "subscription.second_writer_seen"
    SECOND_WRITER_DEALT_WITH = "subscription.second_writer_dealt_with"
    CREATE_CUSTOMER = "customer.create"
    UPDATE_CUSTOMER = "customer.update"
    CREATE_OFFER = "offer.create"
    CREATE_CONNECTION = "connection.create"
    UPDATE_CONNECTION = "connection.update"
    DELETE_CONNECTION = "connection.delete"
    TEST_CONNECTION = "connection.test"
    RECORD_METADATA = "connection.record_metadata"
    PAUSE_CONNECTION = "connection.pause"
    RESUME_CONNECTION = "connection.resume"
    UPDATE_POLICIES = "connection.update_policies"
    CREATE_CUSTOMER_MAPPING = "connection.create_customer_mapping"
    CREATE_OFFER_MAPPING = "connection.create_offer_mapping"
    CONTINUE_SUBSCRIPTION_MAPPING = "connection.continue_subscription_mapping"
    EXTEND_CONTRACT = "connection.extend_contract"
    TAKE_BACK_CONTINUATION = "connection.take_back_continuation"
    END_SUBSCRIPTION_ON_CONTRACT = "subscription.end_on_contract"
    CHOOSE_NEXT_LINE = "connection.choose_next_line"
    CREATE_SUBSCRIPTION_MAPPING = "connection.create_subscription_mapping"
    DELETE_SUBSCRIPTION_MAPPING = "connection.delete_subscription_mapping"
    DELETE_CUSTOMER_MAPPING = "connection.delete_customer_mapping"
    DELETE_OFFER_MAPPING = "connection.delete_offer_mapping"
    ADOPT_LINE = "subscription.adopt_line"
    EXCLUDE_FROM_MAPPING = "connection.exclude_from_mapping"
    INCLUDE_IN_MAPPING = "connection.include_in_mapping"
    REFRESH_DIRECTORY = "connection.refresh_directory"
    ROTATE_KEYS = "connection.rotate_keys"
    SIGN_IN = "user.sign_in"
    CREATE_USER = "user.create"
    INVITE_USER = "user.invite"
    WITHDRAW_INVITATION = "user.withdraw_invitation"
    CHANGE_ROLE = "user.change_role"
    DEACTIVATE_USER = "user.deactivate"
    ACTIVATE_USER = "user.activate"
    END_SESSIONS = "user.end_sessions"
    ASK_PASSWORD_RESET = "user.ask_password_reset"  # noqa: S105 - the name of an event
    CHANGE_PASSWORD = "user.change_password"  # noqa: S105 - the name of an event
    SET_UP_CODES = "user.set_up_codes"
    REMOVE_CODES = "user.remove_codes"
    REQUIRE_CODES = "user.require_codes"
    LINK_SIGN_IN = "user.link_sign_in"
    UNLINK_SIGN_IN = "user.unlink_sign_in"
    CREATE_TOKEN = "user.create_token"  # noqa: S105 - the name of an event, not a token
    REVOKE_TOKEN = "user.revoke_token"  # noqa: S105 - the name of an event, not a token
    IMPORT_SUBSCRIPTIONS = "import.subscriptions"
    IMPORT_PRICES = "import.prices"
    IMPORT_AZURE_COSTS = "import.azure_costs"
    RECORD_AZURE_AMOUNTS = "subscription.azure_amounts"
    RECORD_ONE_OFF_CHARGE = "subscription.one_off_charge"
    CREATE_MARGIN_RULE = "price.create_margin_rule"
    END_MARGIN_RULE = "price.end_margin_rule"
    APPLY_MARGIN_RULE = "price.apply_margin_rule"
    APPLY_PRICE_LIST = "price.apply_price_list"
    CREATE_PROMOTION = "price.create_promotion"
    UPDATE_PROMOTION = "price.update_promotion"
    DELETE_PROMOTION = "price.delete_promotion"
    UPDATE_PRICE_SETTINGS = "price.update_settings"
    CREATE_EXCHANGE_RATE = "price.create_exchange_rate"
    UPDATE_PRICE_LOCK = "price.update_lock"
    CREATE_NOTIFICATION = "notification.create"
    UPDATE_NOTIFICATION = "notification.update"
    DELETE_NOTIFICATION = "notification.delete"
    TEST_NOTIFICATION = "notification.test"
    GIVE_UP_NOTIFICATION = "notification.give_up"
    CLOSE_MONTH = "books.close_month"
    IMPORT_RECONCILIATION = "import.reconciliation"
    CREATE_SOURCE = "source.create"
    UPDATE_SOURCE = "source.update"
    TEST_SOURCE = "source.test"
    READ_SOURCE = "source.read"
    RECORD_SOURCE = "source.record"
    IMPORT_SNAPSHOT = "source.import_snapshot"
    EVENT_NOT_RECORDED = "source.event_not_recorded"
    DECIDE_EVENT = "source.decide_event"
    EXPORT_AUDIT_LOGS = "audit.export"
    ENGINE_BUG = "engine.bug"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    Event.PURCHASE_SUBSCRIPTION: "Purchase Subscription",
    Event.UPDATE_SUBSCRIPTION: "Update Subscription",
    Event.CANCEL_SUBSCRIPTION: "Cancel Subscription",
    Event.EXPIRE_SUBSCRIPTION: "Expire Subscription",
    Event.DELETE_SUBSCRIPTION: "Delete Subscription",
    Event.SUSPEND_SUBSCRIPTION: "Suspend Subscription",
    Event.REACTIVATE_SUBSCRIPTION: "Reactivate Subscription",
    Event.CONVERT_TRIAL: "Convert Trial",
    Event.RENEW_SUBSCRIPTION: "Renew Subscription",
    Event.MOVE_SUBSCRIPTION: "Move Subscription to Another Reseller",
    Event.RECEIVE_SUBSCRIPTION: "Receive Subscription",
    Event.MOVE_CUSTOMER: "Move Customer to Another Reseller",
    Event.CREATE_RESELLER: "Create Reseller",
    Event.RENAME_RESELLER: "Rename Reseller",
    Event.CHANGE_OFFER: "Change Offer",
    Event.UPDATE_SUBSCRIPTION_ON_CONNECTION: "Update Subscription on Connection",
    Event.REQUEST_SYNC: "Sync Subscription",
    Event.RESOLVE_OPERATION: "Resolve Operation",
    Event.APPROVE_OPERATION: "Approve Operation",
    Event.DRIFT_FOUND: "Drift Found",
    Event.DRIFT_GONE: "Drift Gone",
    Event.LOOK_AT_LINES: "Compare Lines",
    Event.KEEP_DRIFT: "Keep Autotask's Value",
    Event.RESTORE_LINE: "Restore Ours",
    Event.AGREE_DRIFT: "Agree Difference",
    Event.CORRECT_CHANGE: "Correct Change",
    Event.SECOND_WRITER_SEEN: "Second Writer Seen",
    Event.SECOND_WRITER_DEALT_WITH: "Second Writer Dealt With",
    Event.CREATE_CUSTOMER: "Create Customer",
    Event.UPDATE_CUSTOMER: "Update Customer",
    Event.CREATE_OFFER: "Create Offer",
    Event.CREATE_CONNECTION: "Create Connection",
    Event.UPDATE_CONNECTION: "Update Connection",
    Event.DELETE_CONNECTION: "Delete Connection",
    Event.TEST_CONNECTION: "Test Connection",
    Event.RECORD_METADATA: "Record Connection Metadata",
    Event.PAUSE_CONNECTION: "Pause Connection",
    Event.RESUME_CONNECTION: "Resume Connection",
    Event.UPDATE_POLICIES: "Update Billing Policies",
    Event.CREATE_CUSTOMER_MAPPING: "Create Connection Customer Mapping",
    Event.CREATE_OFFER_MAPPING: "Create Connection Offer Mapping",
    Event.CREATE_SUBSCRIPTION_MAPPING: "Create Connection Subscription Mapping",
    Event.DELETE_SUBSCRIPTION_MAPPING: "Delete Connection Subscription Mapping",
    Event.CONTINUE_SUBSCRIPTION_MAPPING: "Continue Connection Subscription Mapping",
    Event.CHOOSE_NEXT_LINE: "Choose Line of Changed Offer",
    Event.EXTEND_CONTRACT: "Extend Contract",
    Event.TAKE_BACK_CONTINUATION: "Take Back Continuation on Another Contract",
    Event.END_SUBSCRIPTION_ON_CONTRACT: "End Subscription on Contract",
    Event.DELETE_CUSTOMER_MAPPING: "Delete Connection Customer Mapping",
    Event.DELETE_OFFER_MAPPING: "Delete Connection Offer Mapping",
    Event.ADOPT_LINE: "Adopt Autotask's Value",
    Event.EXCLUDE_FROM_MAPPING: "Exclude from Connection Mapping",
    Event.INCLUDE_IN_MAPPING: "Include in Connection Mapping",
    Event.REFRESH_DIRECTORY: "Refresh Connection Directory",
    Event.ROTATE_KEYS: "Rotate Keys",
    Event.SIGN_IN: "Sign In",
    Event.CREATE_USER: "Create User",
    Event.INVITE_USER: "Invite User",
    Event.WITHDRAW_INVITATION: "Withdraw Invitation",
    Event.CHANGE_ROLE: "Change Role",
    Event.DEACTIVATE_USER: "Deactivate User",
    Event.ACTIVATE_USER: "Activate User",
    Event.END_SESSIONS: "End Sessions",
    Event.ASK_PASSWORD_RESET: "Ask for Password Reset",
    Event.CHANGE_PASSWORD: "Change Password",
    Event.SET_UP_CODES: "Set Up Sign-in Codes",
    Event.REMOVE_CODES: "Remove Sign-in Codes",
    Event.REQUIRE_CODES: "Require Sign-in Codes",
    Event.LINK_SIGN_IN: "Link Sign-in",
    Event.UNLINK_SIGN_IN: "Unlink Sign-in",
    Event.CREATE_TOKEN: "Create API Token",
    Event.REVOKE_TOKEN: "Revoke API Token",
    Event.IMPORT_SUBSCRIPTIONS: "Import Subscriptions",
    Event.IMPORT_PRICES: "Import Prices",
    Event.IMPORT_AZURE_COSTS: "Import Azure Costs",
    Event.RECORD_AZURE_AMOUNTS: "Record Azure Amounts",
    Event.RECORD_ONE_OFF_CHARGE: "Record One-Off Charge",
    Event.CREATE_MARGIN_RULE: "Create Margin Rule",
    Event.END_MARGIN_RULE: "End Margin Rule",
    Event.APPLY_MARGIN_RULE: "Apply Margin Rule",
    Event.APPLY_PRICE_LIST: "Apply Price List",
    Event.CREATE_PROMOTION: "Create Promotion",
    Event.UPDATE_PROMOTION: "Update Promotion",
    Event.DELETE_PROMOTION: "Delete Promotion",
    Event.UPDATE_PRICE_SETTINGS: "Update Price Settings",
    Event.CREATE_EXCHANGE_RATE: "Create Exchange Rate",
    Event.UPDATE_PRICE_LOCK: "Update Price Lock",
    Event.CREATE_NOTIFICATION: "Create Notification",
    Event.UPDATE_NOTIFICATION: "Update Notification",
    Event.DELETE_NOTIFICATION: "Delete Notification",
    Event.TEST_NOTIFICATION: "Test Notification",
    Event.GIVE_UP_NOTIFICATION: "Notification Not Delivered",
    Event.CLOSE_MONTH: "Close Month",
    Event.IMPORT_RECONCILIATION: "Import Reconciliation",
    Event.CREATE_SOURCE: "Create Source",
    Event.UPDATE_SOURCE: "Update Source",
    Event.TEST_SOURCE: "Test Source",
    Event.READ_SOURCE: "Read Source",
    Event.RECORD_SOURCE: "Record Source Answers",
    Event.IMPORT_SNAPSHOT: "Import Snapshot",
    Event.EVENT_NOT_RECORDED: "Event Not Recorded",
    Event.DECIDE_EVENT: "Decide on Event",
    Event.EXPORT_AUDIT_LOGS: "Export Audit Logs",
    Event.ENGINE_BUG: "Internal Error",
}
