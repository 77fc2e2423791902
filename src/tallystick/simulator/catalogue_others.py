"""Field lists of the entities around contracts; notation as in ``catalogue_contracts``.

The seven supplier fields of services and bundles and the six contract-service fields of billing
items are not in the swagger of 2020-2024; public clients of 2023 and 2026 read them.
"""

OTHER_ENTITIES: dict[str, str] = {
    "Companies": """
        id long Ro, additionalAddressInformation string/100, address1 string/128, address2
        string/128, alternatePhone1 string/25, alternatePhone2 string/25, apiVendorID int o ?,
        assetValue money n, billToCompanyLocationID int >AccountPhysicalLocation,
        billToAdditionalAddressInformation string/100 o, billingAddress1 string/150 o,
        billingAddress2 string/150 o, billToAddressToUse int o ?, billToAttention string/50,
        billToCity string/50 o, billToCountryID int o >Country, billToState string/128 o,
        billToZipCode string/50 o, city string/30, classification int ?, companyName
        string/100 R, companyNumber string/50, companyType int R ?, competitorID int ?,
        countryID int >Country, createDate datetime o, createdByResourceID int o >Resource,
        currencyID int >Currency, fax string/25, impersonatorCreatorResourceID int o
        >Resource, invoiceEmailMessageID int, invoiceMethod int ?,
        invoiceNonContractItemsToParentCompany bool, invoiceTemplateID int >InvoiceTemplate,
        isActive bool, isClientPortalActive bool o, isEnabledForComanaged bool,
        isTaskFireActive bool o, isTaxExempt bool, lastActivityDate datetime o,
        lastTrackedModifiedDateTime datetime o, marketSegmentID int ?, ownerResourceID int R
        >Resource, parentCompanyID int >Company, phone string/25 R, postalCode string/10,
        quoteEmailMessageID int, quoteTemplateID int >QuoteTemplate, sicCode string/32 n,
        state string/40, stockMarket string/10 n, stockSymbol string/10 n, surveyCompanyRating
        double o, taxID string/50, taxRegionID int >TaxRegion, territoryID int ?, webAddress
        string/255
    """,
    "Services": """
        id long Ro, billingCodeID int R >BillingCode, createDate datetime o, creatorResourceID
        int o >Resource, description string/400, invoiceDescription string/1000, isActive
        bool, lastModifiedDate datetime o, markupRate money o, name string/150 R, periodType
        int R ?, serviceLevelAgreementID long ?, unitCost money, unitPrice money R,
        updateResourceID int o >Resource, vendorCompanyID int >Company,
        catalogNumberPartNumber string, externalID string, internalID string,
        manufacturerServiceProvider string, manufacturerServiceProviderProductNumber string,
        sku string, url string
    """,
    "ServiceBundles": """
        id long Ro, billingCodeID int R >BillingCode, createDate datetime o, creatorResourceID
        int o >Resource, description string/200, invoiceDescription string/1000, isActive
        bool, lastModifiedDate datetime o, name string/150 R, percentageDiscount double,
        periodType int Rc ?, serviceLevelAgreementID long ?, unitCost money o, unitDiscount
        double, unitPrice money, updateResourceID int o >Resource, catalogNumberPartNumber
        string, externalID string, internalID string, manufacturerServiceProvider string,
        manufacturerServiceProviderProductNumber string, sku string, url string
    """,
    "ServiceBundleServices": """
        id long Ro, serviceBundleID long Rc >ServiceBundle, serviceID long Rc >Service
    """,
    "PriceListServices": """
        id long Ro, currencyID int Ro >Currency, serviceID int Ro >Service, unitPrice money,
        usesInternalCurrencyPrice bool R
    """,
    "BillingItems": """
        id long Ro, accountManagerWhenApprovedID int o >Resource, billingCodeID int o
        >BillingCode, billingItemType int Ro ?, companyID int o >Company, configurationItemID
        long o >ConfigurationItem, contractChargeID long o >ContractCharge, contractID int o
        >Contract, description string/2000 o, expenseItemID int o >ExpenseItem, extendedPrice
        money o, internalCurrencyExtendedPrice money o, internalCurrencyRate money o,
        internalCurrencyTaxDollars money o, internalCurrencyTotalAmount money o, invoiceID int
        o >Invoice, itemApproverID int o >Resource, itemDate date o, itemName string/255 o,
        lineItemFullDescription string/8000 on, lineItemGroupDescription string/8000 on,
        lineItemID long o, milestoneID long o >ContractMilestone, nonBillable int Ro,
        organizationalLevelAssociationID int o >OrganizationalLevelAssociation, ourCost money
        o, postedDate datetime o, postedOnTime datetime o, projectChargeID long o
        >ProjectCharge, projectID int o >Project, purchaseOrderNumber string/50 o, quantity
        double o, rate money o, roleID int o >Role, serviceBundleID long o >ServiceBundle,
        serviceID long o >Service, subType int Ro ?, taskID int o >Task, taxDollars money o,
        ticketChargeID long o >TicketCharge, ticketID int o >Ticket, timeEntryID int o
        >TimeEntry, totalAmount money o, vendorID long o >Company, webServiceDate datetime,
        contractServiceAdjustmentID int o, contractServiceBundleAdjustmentID int o,
        contractServiceBundleID int o, contractServiceBundlePeriodID int o, contractServiceID
        int o, contractServicePeriodID int o
    """,
    "BillingCodes": """
        id long Ro, afterHoursWorkType int >BillingCode, billingCodeType int ?, department
        int, description string/500, externalNumber string/100, generalLedgerAccount int o,
        isActive bool R, isExcludedFromNewContracts bool, markupRate money o, name string/200,
        taxCategoryID int >TaxCategory, unitCost money R, unitPrice money R, useType int ?
    """,
    "Invoices": """
        id long Ro, batchID int o, comments string/2000 o, companyID int o >Company,
        createDateTime datetime o, creatorResourceID int o >Resource, dueDate date on,
        fromDate date o, invoiceDateTime datetime Ro, invoiceEditorTemplateID int o
        >InvoiceTemplate, invoiceNumber string/100, invoiceTotal money o, isVoided bool o,
        orderNumber string/20 o, paidDate datetime, paymentTerm int o ?, taxGroup int on ?,
        taxRegionName string/200 o, toDate date o, totalTaxValue money o, voidedByResourceID
        int o >Resource, voidedDate datetime o, webServiceDate datetime
    """,
    "Currencies": """
        id long Ro, currencyNegativeFormat string/10 Ro, currencyPositiveFormat string/10 Ro,
        description string/100 Ro, displaySymbol int Ro ?, exchangeRate double R, isActive
        bool Ro, isInternalCurrency bool Ro, lastModifiedDateTime datetime, name string/3 Ro,
        updateResourceId int o >Resource
    """,
    "InternalLocations": """
        id long Ro, additionalAddressInfo string/100 o, address1 string/100 o, address2
        string/100 o, city string/50 o, country string/100 o, holidaySetId long o ?, isDefault
        bool o, name string/100 Ro, postalCode string/20 o, state string/25 o, timeZone
        string/100 o
    """,
    "OrganizationalLevelAssociations": """
        id long Ro, isActive bool, organizationalLevel1ID int, organizationalLevel2ID int
    """,
    "Resources": """
        id long Ro, email string/254, firstName string/50 R, lastName string/50 R, isActive
        bool R, resourceType string, userName string/32 R, userType int ?, licenseType int ?,
        title string/50, locationID int >InternalLocation
    """,
}
