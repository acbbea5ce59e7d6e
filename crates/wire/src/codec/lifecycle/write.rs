//! Rules as their document, in either vendor's words.

use headwater_model::bucket::Dialect;
use headwater_model::lifecycle::{
    Due, FilterTerms, LifecycleConfiguration, LifecycleFilter, LifecycleRule, Transition,
};
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

/// What was put here as it was put. What S3 says in a filter alone stands in the rule here.
fn oss_conditions(xml: &mut XmlWriter, rule: &LifecycleRule) {
    let has_own_form = rule.filter.as_ref().is_none_or(|filter| filter.and.is_none() && filter.own.tags.len() <= 1);
    let (prefix, of_rule, of_filter) = match &rule.prefix {
        Some(prefix) if has_own_form => {
            let of_filter = rule.filter.as_ref().map(|filter| filter.own.clone());
            (prefix.clone(), rule.tags.clone(), of_filter.unwrap_or_default())
        }
        _ => {
            let (all, contrary) = merged(rule);
            let of_rule = [all.tags, contrary.tags].concat();
            let of_filter = FilterTerms { prefix: contrary.prefix, tags: Tags::new(), ..all };
            (rule.key_prefix().into(), of_rule, of_filter)
        }
    };
    xml.element("Prefix", &*prefix);
    tags(xml, &of_rule);
    let Some(filter) = &rule.filter else { return };
    xml.open("Filter");
    terms(xml, &of_filter);
    not(xml, filter);
    xml.close();
}

fn not(xml: &mut XmlWriter, filter: &LifecycleFilter) {
    for not in &filter.not {
        xml.open("Not");
        xml.element("Prefix", &not.prefix);
        if let Some((key, value)) = &not.tag {
            tag(xml, key, value);
        }
        xml.close();
    }
}

/// What was put here as it was put. Conditions of the rule itself, which are OSS's, stand in a filter here.
fn s3_conditions(xml: &mut XmlWriter, rule: &LifecycleRule) {
    if rule.tags.is_empty() && rule.filter.is_none() {
        return xml.element("Prefix", rule.prefix.as_deref().unwrap_or_default());
    }
    xml.open("Filter");
    match &rule.filter {
        Some(filter) if rule.tags.is_empty() && rule.prefix.is_none() && filter.own.tags.len() <= 1 => {
            terms(xml, &filter.own);
            if let Some(all) = &filter.and {
                and(xml, all);
            }
        }
        _ => {
            let (all, contrary) = merged(rule);
            terms(xml, &contrary);
            and(xml, &all);
        }
    }
    if let Some(filter) = &rule.filter {
        not(xml, filter);
    }
    xml.close();
}

/// The conditions of the rule, of its filter and of `And` as one: one left out would make a wider rule of what is put
/// back. Of those that cannot hold at once, the second stands apart, since one set of terms has no room for both; then
/// the rule covers nothing, and more of them would not change that.
fn merged(rule: &LifecycleRule) -> (FilterTerms, FilterTerms) {
    let (mut all, mut contrary) = (FilterTerms::default(), FilterTerms::default());
    let of_filter = rule.filter.iter().flat_map(|filter| std::iter::once(&filter.own).chain(&filter.and));
    let longest = rule.key_prefix();
    let prefixes = of_filter.clone().filter_map(|terms| terms.prefix.as_deref()).chain(rule.prefix.as_deref());
    contrary.prefix = prefixes.into_iter().find(|prefix| !longest.starts_with(prefix)).map(Into::into);
    all.prefix = Some(longest.into());
    for tag in rule.tags.iter().chain(of_filter.clone().flat_map(|terms| &terms.tags)) {
        match all.tags.iter().find(|(key, _)| *key == tag.0) {
            None => all.tags.push(tag.clone()),
            Some(known) if known != tag && contrary.tags.is_empty() => contrary.tags.push(tag.clone()),
            Some(_) => {}
        }
    }
    all.larger_than_bytes = of_filter.clone().filter_map(|terms| terms.larger_than_bytes).max();
    all.smaller_than_bytes = of_filter.filter_map(|terms| terms.smaller_than_bytes).min();
    (all, contrary)
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
