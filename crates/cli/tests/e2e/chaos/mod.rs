//! The chaos matrix (crates/simulator/matrix.toml): every row in every mode on both dialects.
//!
//! `CHAOS_SCALE=1` runs the rows about time at full scale.

mod cell;
mod judge;
mod local;
mod row;

/// Cases that do not pass yet. One that passes must go, so that the list cannot rot.
const PENDING: &[&str] = &[];

macro_rules! rows {
    ($($name:ident: $id:literal,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                row::run($id).await;
            }
        )*

        /// Rows with a test above.
        const ROWS: &[&str] = &[$($id),*];
    };
}

rows! {
    o05_connection_refused: "O05",
    o06_syn_dropped: "O06",
    o07_accept_then_rst: "O07",
    o08_accept_never_answers: "O08",
    o09_tls_certificate_expired_wrong_name_unknown: "O09",
    o10_tls_handshake_stalls: "O10",
    o11_only_tls_1_0_1_1: "O11",
    o12_keep_alive_connection_closed_as_we: "O12",
    o13_200_correct: "O13",
    o14_404_or_410: "O14",
    o15_403_from_an_s3_origin_without: "O15",
    o16_401_403_otherwise: "O16",
    o17_429_or_s3_slowdown_503_with: "O17",
    o18_500_502_503_504: "O18",
    o19_5xx_with_a_huge_or_endless: "O19",
    o20_204_or_205: "O20",
    o21_206_though_no_range_was_sent: "O21",
    o22_304_though_no_condition_was_sent: "O22",
    o23_416_to_our_resume: "O23",
    o24_451_418_other_4xx: "O24",
    o25_endless_1xx: "O25",
    o26_200_with_a_login_or_error: "O26",
    o27_200_with_length_0: "O27",
    o28_content_length_longer_than_the_body: "O28",
    o29_no_length_body_ends_by_close: "O29",
    o30_close_delimited_over_tls_without_close: "O30",
    o31_chunked_without_the_last_chunk: "O31",
    o32_bad_chunk_size_overflow_negative_16: "O32",
    o33_chunk_extension_flood: "O33",
    o34_trailers_with_digest_matching_not_matching: "O34",
    o35_more_bytes_than_content_length: "O35",
    o36_two_different_content_length: "O36",
    o37_content_length_and_transfer_encoding_both: "O37",
    o38_transfer_encoding_other_than_chunked: "O38",
    o39_header_block_64_kib_or_128: "O39",
    o40_header_with_cr_lf_nul_obs: "O40",
    o41_one_header_byte_per_second: "O41",
    o42_body_below_the_minimum_rate_default: "O42",
    o43_stall_mid_body: "O43",
    o44_endless_body_or_larger_than_the: "O44",
    o45_rst_mid_body: "O45",
    o46_answers_http_0_9_or_garbage: "O46",
    o47_h2_rst_stream_or_goaway_mid: "O47",
    o48_h2_end_stream_before_content_length: "O48",
    o49_302_to_another_path_same_host: "O49",
    o50_302_to_a_public_other_host: "O50",
    o51_redirect_to_a_forbidden_address: "O51",
    o52_redirect_loop_or_10_hops: "O52",
    o53_redirect_without_or_with_malformed_location: "O53",
    o54_https_to_http_downgrade: "O54",
    o55_redirect_cross_host_while_we_sign: "O55",
    o56_3xx_with_following_switched_off: "O56",
    o57_origin_is_ourselves_or_mirrors_back: "O57",
    o58_a_checksum_x_amz_checksum_x: "O58",
    o59_etag_is_an_md5_and_differs: "O59",
    o60_weak_or_no_etag_only_last: "O60",
    o61_object_changes_between_first_part_and: "O61",
    o62_object_changes_but_etag_stays: "O62",
    o63_head_and_get_disagree_on_size: "O63",
    o64_ignores_range_answers_200: "O64",
    o65_206_with_another_range_wrong_total: "O65",
    o66_content_encoding_gzip_though_identity_was: "O66",
    o67_vary_or_vary_on_a_forwarded: "O67",
    o68_key_contains_2f_control_bytes: "O68",
    o69_set_cookie_in_the_answer: "O69",
    o70_cache_control_no_store_private: "O70",
    o71_x_accel_redirect_x_sendfile_alt: "O71",
    o72_user_metadata_8_kib_bad_bytes: "O72",
    o73_absurd_content_type_or_content_disposition: "O73",
    o74_s3_origin_archived_object_403_invalidobjectstate: "O74",
    o80_our_limits_reached_in_flight_rate: "O80",
}

#[test]
fn every_row_with_cases_has_a_test() {
    let matrix = headwater_simulator::matrix::Matrix::load();
    let wanted: Vec<&str> = matrix.rows.iter().filter(|row| !row.cases.is_empty()).map(|row| row.id.as_str()).collect();
    assert_eq!(ROWS, wanted);
}
