// Drives a stand-in Autotask with a client written by others, and prints what it got as JSON.
// Usage: node drive.mjs <origin> <user> <secret> <code> <contract id> <contract service id>
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const client = require("@apigrate/autotask-restapi");
const AutotaskRestApi = client.AutotaskRestApi ?? client;

const [origin, user, secret, code, contractText, lineText] = process.argv.slice(2);
const contractID = Number(contractText);
const lineID = Number(lineText);
const options = { base_url: `${origin}/ATServicesRest/` };
const api = new AutotaskRestApi(user, secret, code, options);

async function refusal(call) {
  try {
    return { unexpected: await call() };
  } catch (error) {
    return { status: error.status ?? null, message: String(error.message), details: error.details ?? null };
  }
}

const byLine = [{ op: "eq", field: "contractServiceID", value: lineID }];
const adjust = (effectiveDate, unitChange) =>
  api.ContractServiceAdjustments.create(contractID, {
    contractServiceID: lineID, contractID, effectiveDate, unitChange,
  });

const seen = {};
seen.companies = await api.Companies.query({ filter: [{ op: "gte", field: "id", value: 0 }] });
seen.companyCount = await api.Companies.count({ filter: [{ op: "gte", field: "id", value: 0 }] });
seen.zone = api.zoneInfo;
seen.contract = await api.Contracts.get(contractID);
seen.missing = await api.Contracts.get(1999999999);
seen.services = await api.ContractServices.query({
  filter: [{ op: "and", items: [
    { op: "eq", field: "contractID", value: contractID },
    { op: "in", field: "id", value: [lineID, 1999999999] },
  ] }],
});
seen.before = await api.ContractServiceUnits.query({ filter: byLine, MaxRecords: 500 });
seen.adjusted = await adjust("2026-05-03T02:00:00", 3);
seen.after = await api.ContractServiceUnits.query({ filter: byLine, MaxRecords: 500 });
seen.sameDay = await refusal(() => adjust("2026-05-03", 1));
seen.outside = await refusal(() => adjust("2031-01-01", 1));
seen.patched = await api.ContractServices.update(contractID, { id: lineID, invoiceDescription: "by another client" });
seen.patchedRow = await api.ContractServices.get(lineID);
seen.info = await api.ContractServiceAdjustments.info();
seen.fields = await api.ContractServiceUnits.fieldInfo();
seen.threshold = await api._get("/ThresholdInformation");
seen.tooMany = await refusal(() => api.Companies.query({ MaxRecords: 501, filter: [{ op: "gte", field: "id", value: 0 }] }));
seen.noField = await refusal(() => api.Companies.query({ filter: [{ op: "eq", field: "nonsense", value: 1 }] }));
const wrong = new AutotaskRestApi(user, "wrong", code, options);
seen.wrongSecret = await refusal(() => wrong.Companies.get(0));
const stranger = new AutotaskRestApi(user, secret, "WRONGCODE", options);
seen.wrongCode = await refusal(() => stranger.Companies.get(0));

console.log(JSON.stringify(seen));
