//! What every store promises, one function a promise.
//!
//! [`store_conformance!`](crate::store_conformance) makes a test of each function of [`accounts`], [`ahead`],
//! [`amendments`], [`buckets`], [`copies`], [`encryption`], [`expectations`], [`fills`], [`gone`], [`listing`], [`multipart`],
//! [`locks`], [`objects`], [`ordered`], [`origins`], [`tails`], [`version_listing`], [`versions`] and [`worm`]; [`random`] compares random operations with [`crate::MemoryStore`]. Where the
//! contract leaves a choice, the functions accept
//! either.

/// The result must be this error.
macro_rules! assert_fails {
    ($result:expr, $($pattern:tt)+) => {
        match $result.map(drop) {
            Err($($pattern)+) => {}
            other => panic!("expected {}, not {other:?}", stringify!($($pattern)+)),
        }
    };
}

pub mod accounts;
pub mod ahead;
pub mod amendments;
pub mod buckets;
pub mod copies;
pub mod encryption;
pub mod expectations;
pub mod fills;
pub mod gone;
pub mod listing;
pub mod locks;
pub mod multipart;
pub mod objects;
pub mod ordered;
pub mod origins;
pub mod random;
mod subject;
pub mod tails;
pub mod version_listing;
pub mod versions;
pub mod worm;

use std::sync::Arc;

use headwater_model::clock::Clock;
use headwater_model::{BoxFuture, Result};
use headwater_store::Store;

pub use subject::Subject;

/// Makes stores to test.
pub trait Factory: Send + Sync {
    /// A store without buckets, on `clock`.
    fn make(&self, clock: Arc<dyn Clock>) -> BoxFuture<'_, Box<dyn Fixture>>;
}

/// A store under test and what it stands on, which goes when this is dropped.
pub trait Fixture: Send + Sync {
    /// The store.
    fn store(&self) -> Arc<dyn Store>;

    /// Closes the store and opens it again on what it left: [`Fixture::store`] is then another one. `false`, and
    /// nothing done, for a store that does not persist.
    ///
    /// # Errors
    /// Those of closing and opening.
    fn reopen(&mut self) -> BoxFuture<'_, Result<bool>>;

    /// The length in bytes around which the store changes how it keeps a body.
    fn threshold_bytes(&self) -> usize;
}

/// Tests of every promise. `$factory` is an expression that makes a [`Factory`](crate::store_suite::Factory).
#[macro_export]
macro_rules! store_conformance {
    ($factory:expr) => {
        $crate::store_conformance! { @modules $factory;
            ahead: [
                large_bodies_of_known_length_are_written_ahead,
                bytes_written_ahead_are_read_and_absorbed,
                a_body_written_in_any_order_is_the_same,
                writes_ahead_keep_to_their_place,
                only_what_was_written_ahead_is_absorbed,
                what_comes_in_order_replaces_what_was_written_ahead,
                writers_from_all_sides_make_one_body,
                ahead_outlives_the_end_of_the_write
            ],
            amendments: [
                tags_are_replaced_and_nothing_else,
                an_open_object_is_not_amended,
                only_what_was_judged_is_amended,
                a_body_grows_at_its_end,
                an_append_knows_its_object,
                an_append_keeps_what_the_object_has,
                appends_at_one_end_come_one_after_the_other,
                a_condition_holds_for_what_is_replaced,
                a_deletion_is_conditional
            ],
            buckets: [
                buckets_are_created_once_and_listed_by_name,
                settings_are_replaced,
                generations_are_never_used_again,
                a_bucket_with_anything_in_it_stays,
                nothing_of_a_former_life_appears,
                buckets_and_generations_survive_reopening
            ],
            copies: [
                copies_have_the_bytes_and_their_own_metadata,
                a_copy_is_independent_of_its_source,
                an_object_is_copied_onto_itself,
                copies_are_conditional
            ],
            encryption: [
                encrypted_bodies_of_every_size_come_back,
                lengths_and_checksums_are_of_what_was_written,
                an_encrypted_body_needs_its_key,
                encrypted_bodies_are_amended,
                encrypted_parts_become_an_object,
                an_encrypted_body_grows_at_its_end,
                an_encrypted_body_is_followed,
                a_copy_of_what_is_encrypted_is_read
            ],
            expectations: [
                absent_holds_where_nothing_is,
                a_tag_holds_while_the_object_has_it,
                one_of_concurrent_creations_wins,
                one_of_concurrent_replacements_wins,
                a_refused_commit_leaves_nothing
            ],
            fills: [
                a_fill_commits_while_its_token_holds,
                a_spent_token_does_not_come_back,
                whatever_touches_the_key_revokes,
                a_rule_change_revokes_all_tokens_of_its_bucket,
                other_settings_and_other_keys_do_not_revoke,
                the_end_of_a_bucket_revokes,
                a_new_grant_revokes_the_former,
                no_grant_where_a_fill_could_not_commit,
                a_fill_never_beats_a_local_write
            ],
            gone: [
                a_deletion_on_purpose_is_remembered,
                what_is_gone_is_not_filled,
                a_write_ends_a_tombstone,
                a_tombstone_is_lifted,
                tombstones_are_listed,
                tombstones_die_with_their_bucket,
                tombstones_survive_reopening,
                the_first_deletion_is_remembered,
                a_write_and_a_deletion_leave_an_object_or_a_tombstone,
                the_end_of_a_bucket_leaves_the_tombstones_of_others
            ],
            listing: [
                keys_are_listed_in_byte_order,
                prefixes_are_collapsed_at_the_delimiter,
                pages_begin_after_the_marker,
                pages_add_up_to_the_whole,
                a_page_of_nothing_is_empty,
                listings_tell_what_the_object_is,
                listings_follow_every_change,
                buckets_are_listed_apart
            ],
            multipart: [
                listed_parts_become_the_object,
                parts_are_replaced_and_paged,
                a_wrong_list_of_parts_changes_nothing,
                a_completion_is_conditional,
                a_completed_object_is_replaced_and_deleted,
                an_aborted_upload_is_gone,
                an_upload_belongs_to_its_key,
                uploads_are_paged_by_key_and_id,
                uploads_are_collapsed_at_the_delimiter,
                uploads_survive_reopening
            ],
            ordered: [
                parts_in_order_make_the_md5_of_the_whole,
                only_the_next_part_is_stored,
                ordered_parts_are_listed_from_the_first,
                an_order_goes_with_its_upload
            ],
            objects: [
                bodies_of_every_size_come_back,
                ranges_are_exact,
                metadata_comes_back,
                checksums_are_computed,
                keys_are_opaque,
                a_write_is_invisible_until_sealed,
                an_abandoned_write_leaves_nothing,
                an_overwrite_replaces_the_whole,
                a_delete_removes_and_tells,
                opened_content_outlives_its_key,
                lengths_are_enforced,
                readers_see_whole_objects_only,
                objects_survive_reopening,
                a_closed_store_reads_and_does_not_write
            ],
            accounts: [
                accounts_are_put_and_deleted,
                there_are_only_so_many_accounts,
                accounts_survive_reopening,
                access_tokens_are_put_and_deleted,
                the_block_on_every_bucket_is_kept
            ],
            origins: [
                settings_of_origins_are_put_and_deleted,
                there_are_only_so_many_origins,
                the_use_of_origins_is_put_down,
                the_oldest_use_is_forgotten_first,
                origins_survive_reopening
            ],
            tails: [
                a_tail_follows_the_writer,
                a_tail_wakes_its_reader,
                readers_go_at_their_own_pace,
                a_tail_tells_that_the_writer_gave_up,
                a_tail_outlives_the_end_of_the_write
            ],
            versions: [
                without_versions_there_is_one_null_version,
                every_write_makes_a_version,
                a_deletion_makes_a_marker,
                suspended_the_null_version_is_replaced,
                a_version_gives_way_to_the_one_before,
                the_last_version_may_leave_a_tombstone,
                what_became_current_again_is_not_removed_as_superseded,
                bodies_stay_with_their_versions,
                versions_are_amended,
                any_version_keeps_fills_away,
                expectations_mean_the_current_object,
                a_bucket_with_versions_stays,
                versions_survive_reopening
            ],
            version_listing: [
                pages_of_versions_add_up,
                versions_are_collapsed_at_the_delimiter,
                pages_of_versions_begin_behind_the_marker,
                a_bucket_is_emptied_page_by_page,
                what_is_not_current_tells_since_when
            ],
            locks: [
                what_is_retained_is_not_deleted,
                what_is_held_is_not_deleted,
                a_retention_only_grows,
                a_locked_null_version_is_not_replaced
            ]
        }
    };
    (@modules $factory:expr; $($module:ident: $names:tt),*) => {
        $(
            mod $module {
                #[allow(unused_imports)] // the factory may be in scope by path
                use super::*;
                $crate::store_conformance! { @tests $factory; $module $names }
            }
        )*
    };
    (@tests $factory:expr; $module:ident [$($name:ident),*]) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let subject = $crate::store_suite::Subject::new(&$factory).await;
                $crate::store_suite::$module::$name(subject).await;
            }
        )*
    };
}
