//! DNS configurations of SVMs. No name is looked up.

use std::net::IpAddr;
use std::sync::Arc;

use nessie_ontap_protocol::records::{Attribute, Attributes, DNS, DnsRecord};
use nessie_ontap_protocol::{ApiError, Body, Query};

use super::context::RequestContext;
use super::lookup::svm_of_body;
use super::outcome::ObjectKind;
use super::resource::{Change, Create, Delete, Resource};
use crate::configuration::{OfDns, Stored};
use crate::svm::SvmState;

/// `/api/name-services/dns`.
pub(crate) enum DnsConfigurations {}

impl Resource for DnsConfigurations {
    type Record = DnsRecord;

    const KIND: ObjectKind<DnsRecord> = ObjectKind {
        schema: &DNS,
        svm_context: |record| Some(&record.svm_context),
        is_synchronous: false,
    };
    const KEY: &'static str = "svm.uuid";

    fn list(
        context: &RequestContext<'_>,
        query: &Query<DnsRecord>,
    ) -> Result<Vec<DnsRecord>, ApiError> {
        let svms = context.svms(query, "svm")?;
        let of_svm = |svm: &SvmState| Some(record(svm, &svm.configuration.dns.get()?));
        Ok(svms.into_iter().filter_map(of_svm).collect())
    }
}

impl Create for DnsConfigurations {
    fn create(
        context: &RequestContext<'_>,
        _: &Query<DnsRecord>,
        body: &Body,
    ) -> Result<DnsRecord, ApiError> {
        if let Some(scope) = body.text("scope")?.filter(|scope| !scope.eq_ignore_ascii_case("svm"))
        {
            let rule = "is not \"svm\": only SVMs have a DNS configuration here";
            return Err(ApiError::invalid_value("scope", scope, rule));
        }
        let svm = svm_of_body(context, body, "svm")?;
        let dns = fields_after(&Attributes::default(), body)?;
        let _lock = svm.write_lock()?;
        if svm.configuration.dns.get().is_some() {
            let name = &svm.svm_context.svm.name;
            let message = format!("The SVM {name:?} has a DNS configuration already.");
            return Err(ApiError::new(409, 1, message).about("svm"));
        }
        svm.configuration.dns.set(Some(dns.clone()));
        Ok(record(svm, &dns))
    }
}

impl Change for DnsConfigurations {
    fn change(
        context: &RequestContext<'_>,
        _: &Query<DnsRecord>,
        found: DnsRecord,
        body: &Body,
    ) -> Result<DnsRecord, ApiError> {
        let svm = context.svm_of(&found.svm_context)?;
        let _lock = svm.write_lock()?;
        let dns = fields_after(&current(svm)?.attributes, body)?;
        svm.configuration.dns.set(Some(dns.clone()));
        Ok(record(svm, &dns))
    }
}

impl Delete for DnsConfigurations {
    fn delete(
        context: &RequestContext<'_>,
        _: &Query<DnsRecord>,
        found: &DnsRecord,
    ) -> Result<(), ApiError> {
        let svm = context.svm_of(&found.svm_context)?;
        let _lock = svm.write_lock()?;
        current(svm)?;
        svm.configuration.dns.set(None);
        Ok(())
    }
}

/// The DNS configuration that the body of a new SVM has.
pub(super) fn of_new_svm(body: &Body) -> Result<Option<Attributes>, ApiError> {
    if !body.has("dns") {
        return Ok(None);
    }
    let mut attributes = Attributes::default();
    for (path, of_dns) in [("dns.domains", "domains"), ("dns.servers", "servers")] {
        let given = body.value(path).and_then(serde_json::Value::as_array);
        let texts = given.into_iter().flatten().filter_map(serde_json::Value::as_str);
        attributes.set(of_dns, Attribute::Texts(texts.map(str::to_owned).collect()));
    }
    check(&attributes)?;
    Ok(Some(attributes))
}

fn record(svm: &SvmState, dns: &Stored<OfDns>) -> DnsRecord {
    DnsRecord { svm_context: Arc::clone(&svm.svm_context), attributes: Arc::clone(&dns.attributes) }
}

/// The configuration of an SVM, which another request may have deleted.
fn current(svm: &SvmState) -> Result<Stored<OfDns>, ApiError> {
    let found = svm.configuration.dns.get();
    found.ok_or_else(|| ApiError::no_such_entry().about(DnsConfigurations::KEY))
}

/// The fields of a configuration after a request.
fn fields_after(before: &Attributes, body: &Body) -> Result<Stored<OfDns>, ApiError> {
    let mut attributes = before.clone();
    let is_stored = |path: &str| {
        !path.starts_with("svm.") && !matches!(path, "scope" | "skip_config_validation")
    };
    attributes.set_from(&DNS, body, is_stored)?;
    check(&attributes)?;
    Ok(attributes.into())
}

/// The most domains and servers.
const MAX_DOMAINS: usize = 6;
const MAX_SERVERS: usize = 3;

/// Refuses fields that break a rule other than that of their type.
pub(crate) fn check(attributes: &Attributes) -> Result<(), ApiError> {
    let refuse = |path: &'static str, code, message: String| {
        Err(ApiError::new(400, code, message).about(path))
    };
    for (path, maximum, code) in
        [("domains", MAX_DOMAINS, 8_847_361), ("servers", MAX_SERVERS, 8_847_362)]
    {
        let given = attributes.texts(path).unwrap_or_default();
        if given.is_empty() {
            return refuse(path, 262_212, format!("The DNS configuration has no {path}."));
        }
        if given.len() > maximum {
            let message =
                format!("The DNS configuration has {} {path}, more than {maximum}.", given.len());
            return refuse(path, code, message);
        }
    }
    for domain in attributes.texts("domains").unwrap_or_default() {
        let shown: String = domain.chars().take(64).collect();
        if domain.is_empty() {
            return refuse("domains", 9_240_587, "A domain name is empty.".to_owned());
        }
        if domain.len() > 255 {
            let message = format!("The domain name {shown:?}… is longer than 255 characters.");
            return refuse("domains", 9_240_588, message);
        }
        if ["all", "local", "localhost"].contains(&domain.to_ascii_lowercase().as_str()) {
            let message = format!("The domain name {shown:?} is reserved.");
            return refuse("domains", 9_240_590, message);
        }
    }
    for server in attributes.texts("servers").unwrap_or_default() {
        if server.parse::<IpAddr>().is_err() {
            return Err(ApiError::invalid_value("servers", server, "is not an IP address"));
        }
    }
    for (path, maximum) in [("attempts", 4), ("timeout", 5)] {
        if let Some(number) =
            attributes.integer(path).filter(|number| !(1..=maximum).contains(number))
        {
            let rule = format!("is outside 1 to {maximum}");
            return Err(ApiError::invalid_value(path, &number.to_string(), rule));
        }
    }
    Ok(())
}
