"""Field lists of the contract entities, one line of facts each.

Notation, read by ``fields.parse``: ``name type[/length] [flags] [>Reference] [?]``. Flags:
``R`` required on create, ``o`` read-only, ``c`` settable on create and read-only after,
``n`` not queryable; ``?`` means the field has a picklist.

Sources: Autotask's generated swagger of 2020-2024 for names and types, field metadata of a live
tenant (2021) for required, read-only, queryable and lengths. Which fields hold a *day* rather than
a moment is read from the official API-calls page (effectiveDate) and from live samples.
"""

CONTRACT_ENTITIES: dict[str, str] = {
    "Contracts": """
        id long Ro, billingPreference int ?, billToCompanyContactID int >Contact,
        billToCompanyID int >Company, companyID int Rc >Company, contactID int >Contact,
        contactName string/250, contractCategory int ?, contractExclusionSetID int
        >ContractExclusionSet, contractName string/100 R, contractNumber string/50,
        contractPeriodType int c ?, contractType int Rc ?, description string/2000, endDate
        date R, estimatedCost money, estimatedHours double, estimatedRevenue money,
        exclusionContractID long o >Contract, internalCurrencyOverageBillingRate money o,
        internalCurrencySetupFee money o, isCompliant bool, isDefaultContract bool,
        opportunityID int >Opportunity, organizationalLevelAssociationID int
        >OrganizationalLevelAssociation, overageBillingRate money, purchaseOrderNumber
        string/50, renewedContractID long, serviceLevelAgreementID int ?, setupFee money,
        setupFeeBillingCodeID long, startDate date R, status int R ?,
        timeReportingRequiresStartAndStopTimes int R ?
    """,
    "ContractServices": """
        id long Ro, contractID int Rc >Contract, internalCurrencyAdjustedPrice money o,
        internalCurrencyUnitPrice money o, internalDescription string/100, invoiceDescription
        string/1000, quoteItemID long o >QuoteItem, serviceID int Rc >Service, unitCost money,
        unitPrice money o
    """,
    "ContractServiceUnits": """
        id long Ro, approveAndPostDate datetime o, contractID int Ro >Contract,
        contractServiceID int >ContractService, cost money o, endDate date Ro,
        internalCurrencyPrice money o, organizationalLevelAssociationID int o
        >OrganizationalLevelAssociation, price money o, serviceID int Ro >Service, startDate
        date Ro, units int Ro, vendorCompanyID int o >Company
    """,
    "ContractServiceAdjustments": """
        id long Ron, adjustedUnitCost money n, adjustedUnitPrice money n, allowRepeatService
        bool n, contractID int n >Contract, contractServiceID int n >ContractService,
        effectiveDate date Rn, quoteItemID int n >QuoteItem, serviceID int n >Service,
        unitChange int n
    """,
    "ContractServiceBundles": """
        id long Ro, adjustedPrice money, contractID int Rc >Contract,
        internalCurrencyAdjustedPrice money o, internalCurrencyUnitPrice money o,
        internalDescription string/100, invoiceDescription string/1000, quoteItemID long o
        >QuoteItem, serviceBundleID int Rc >ServiceBundle, unitPrice money
    """,
    "ContractServiceBundleUnits": """
        id long Ro, approveAndPostDate datetime o, contractID int Ro >Contract,
        contractServiceBundleID int o >ContractServiceBundle, cost money o, endDate date Ro,
        internalCurrencyPrice money o, organizationalLevelAssociationID int o
        >OrganizationalLevelAssociation, price money o, serviceBundleID int Ro >ServiceBundle,
        startDate date Ro, units int Ro
    """,
    "ContractServiceBundleAdjustments": """
        id long Ron, adjustedUnitPrice money n, allowRepeatServiceBundle bool n, contractID
        int n >Contract, contractServiceBundleID int n >ContractServiceBundle, effectiveDate
        date Rn, quoteItemID int n >QuoteItem, serviceBundleID int n >ServiceBundle,
        unitChange int n
    """,
    "ContractCharges": """
        id long Ro, billableAmount money o, billingCodeID long >BillingCode, chargeType int R
        ?, contractID long R >Contract, contractServiceBundleID long >ContractServiceBundle,
        contractServiceID long >ContractService, createDate datetime o, creatorResourceID long
        o >Resource, datePurchased date R, description string/2000, extendedCost money o,
        internalCurrencyBillableAmount money o, internalCurrencyUnitPrice money o,
        internalPurchaseOrderNumber string/50, isBillableToCompany bool, isBilled bool o, name
        string/100 R, notes string/2000, organizationalLevelAssociationID int o
        >OrganizationalLevelAssociation, productID long >Product, purchaseOrderNumber
        string/50, status long o ?, statusLastModifiedBy long o, statusLastModifiedDate
        datetime o, unitCost money, unitPrice money, unitQuantity double R
    """,
    "ContractNotes": """
        id long Ro, contractID int Rc >Contract, createDateTime datetime o, creatorResourceID
        int o >Resource, description string/8000 R, impersonatorCreatorResourceID int o
        >Resource, impersonatorUpdaterResourceID int o >Resource, lastActivityDate datetime o,
        title string/250 R
    """,
}
