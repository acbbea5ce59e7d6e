//! Rules as their document, in either vendor's words.

use headwater_model::bucket::Dialect;
use headwater_model::lifecycle::{Due, FilterTerms, LifecycleConfiguration, LifecycleRule, Transition};
use headwater_model::object::Tags;

use super::super::storage_class;
use crate::date::iso_8601;
use crate::response::open_root;
use crate::vocab::Vocab;
use crate::xml::XmlWriter;

pub(super) fn document(vocab: &Vocab, rules: &LifecycleConfiguration) -> XmlWriter {
    let mut xml = open_root(vocab, "LifecycleConfiguration");
    for rule in &rules.rules {
        xml.open("Rule");
        xml.element("ID", &rule.id);
        match vocab.dialect {
            Dialect::Oss => oss_conditions(&mut xml, rule),
            Dialect::S3 => s3_conditions(&mut xml, rule),
        }
        xml.element("Status", if rule.enabled { "Enabled" } else { "Disabled" });
        actions(&mut xml, rule, vocab);
        xml.close();
    }
    xml.close();
    xml
}

fn oss_conditions(xml: &mut XmlWriter, rule: &LifecycleRule) {
    xml.element("Prefix", rule.key_prefix());
    let of_filter = rule.filter.iter().flat_map(|filter| std::iter::once(&filter.own).chain(&filter.and));
    for (key, value) in rule.tags.iter().chain(of_filter.clone().flat_map(|terms| &terms.tags)) {
        tag(xml, key, value);
    }
    let Some(filter) = &rule.filter else { return };
    xml.open("Filter");
    xml.optional("ObjectSizeGreaterThan", of_filter.clone().filter_map(|terms| terms.larger_than_bytes).max());
    xml.optional("ObjectSizeLessThan", of_filter.filter_map(|terms| terms.smaller_than_bytes).min());
    not(xml, filter);
    xml.close();
}

fn not(xml: &mut XmlWriter, filter: &headwater_model::lifecycle::LifecycleFilter) {
    for not in &filter.not {
        xml.open("Not");
        xml.element("Prefix", &not.prefix);
        if let Some((key, value)) = &not.tag {
            tag(xml, key, value);
        }
        xml.close();
    }
}

/// What was put here as it was put. Tags of the rule, which are OSS's, stand in a filter here.
fn s3_conditions(xml: &mut XmlWriter, rule: &LifecycleRule) {
    if rule.tags.is_empty() && rule.filter.is_none() {
        return xml.element("Prefix", rule.prefix.as_deref().unwrap_or_default());
    }
    xml.open("Filter");
    if !rule.tags.is_empty() || (rule.prefix.is_some() && rule.filter.is_some()) {
        // All conditions of the rule and its filter: one left out would make a wider rule of what is put back.
        let prefix = Some(rule.key_prefix().into());
        let mut all = FilterTerms { prefix, tags: rule.tags.clone(), ..FilterTerms::default() };
        if let Some(filter) = &rule.filter {
            all.tags.extend(filter.own.tags.iter().cloned());
            all.larger_than_bytes = filter.own.larger_than_bytes;
            all.smaller_than_bytes = filter.own.smaller_than_bytes;
        }
        and(xml, &all);
    } else if let Some(filter) = &rule.filter {
        terms(xml, &filter.own);
        if let Some(all) = &filter.and {
            and(xml, all);
        }
    }
    if let Some(filter) = &rule.filter {
        not(xml, filter);
    }
    xml.close();
}

fn and(xml: &mut XmlWriter, all: &FilterTerms) {
    xml.open("And");
    terms(xml, all);
    xml.close();
}

fn terms(xml: &mut XmlWriter, terms: &FilterTerms) {
    xml.optional("Prefix", terms.prefix.as_deref());
    tags(xml, &terms.tags);
    xml.optional("ObjectSizeGreaterThan", terms.larger_than_bytes);
    xml.optional("ObjectSizeLessThan", terms.smaller_than_bytes);
}

fn tags(xml: &mut XmlWriter, tags: &Tags) {
    for (key, value) in tags {
        tag(xml, key, value);
    }
}

fn tag(xml: &mut XmlWriter, key: &str, value: &str) {
    xml.open("Tag");
    xml.element("Key", key);
    xml.element("Value", value);
    xml.close();
}

fn actions(xml: &mut XmlWriter, rule: &LifecycleRule, vocab: &Vocab) {
    if let Some(expiration) = &rule.expiration {
        xml.open("Expiration");
        if let Some(due) = expiration.due {
            when(xml, due, "Days", vocab);
        }
        xml.optional("ExpiredObjectDeleteMarker", expiration.lone_delete_marker);
        xml.close();
    }
    for transition in &rule.transitions {
        xml.open("Transition");
        write_transition(xml, transition, "Days", vocab);
        xml.close();
    }
    if let Some(noncurrent) = &rule.noncurrent_expiration {
        xml.open("NoncurrentVersionExpiration");
        xml.element("NoncurrentDays", noncurrent.days);
        xml.optional("NewerNoncurrentVersions", noncurrent.kept_versions);
        xml.close();
    }
    for transition in &rule.noncurrent_transitions {
        xml.open("NoncurrentVersionTransition");
        write_transition(xml, transition, "NoncurrentDays", vocab);
        xml.close();
    }
    if let Some(due) = rule.abort_uploads {
        let oss = vocab.dialect == Dialect::Oss;
        xml.open(if oss { "AbortMultipartUpload" } else { "AbortIncompleteMultipartUpload" });
        when(xml, due, if oss { "Days" } else { "DaysAfterInitiation" }, vocab);
        xml.close();
    }
}

fn write_transition(xml: &mut XmlWriter, transition: &Transition, days: &'static str, vocab: &Vocab) {
    if let Some(due) = transition.due {
        when(xml, due, days, vocab);
    }
    xml.optional("NewerNoncurrentVersions", transition.kept_versions);
    xml.element("StorageClass", storage_class::shown(Some(&transition.storage_class), vocab));
    if vocab.dialect == Dialect::Oss {
        xml.optional("IsAccessTime", transition.by_access_time);
        xml.optional("ReturnToStdWhenVisit", transition.return_when_visited);
        xml.optional("AllowSmallFile", transition.small_objects_too);
    }
}

fn when(xml: &mut XmlWriter, due: Due, days: &'static str, vocab: &Vocab) {
    match due {
        Due::Days(count) => xml.element(days, count),
        Due::CreatedBefore(date) if vocab.dialect == Dialect::Oss => xml.element("CreatedBeforeDate", iso_8601(date)),
        Due::Date(date) | Due::CreatedBefore(date) => xml.element("Date", iso_8601(date)),
    }
}
