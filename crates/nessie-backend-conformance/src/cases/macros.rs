//! One `#[test]` for each case, for the author of a backend.

/// Makes a `#[test]` of every case, each on a backend that the expression makes anew. A case that
/// does not apply to the backend passes and prints why.
///
/// ```
/// # use nessie_backend_mem::MemBackend as MyBackend;
/// #[cfg(test)]
/// nessie_backend_conformance::conformance_tests!(MyBackend::new());
/// # fn main() {}
/// ```
///
/// The tests are in a module `conformance`, so that `cargo test conformance::create_volume` runs a
/// theme. To run the cases on several backends, put each call into a module of its own.
#[macro_export]
macro_rules! conformance_tests {
    ($make:expr $(,)?) => {
        mod conformance {
            #[allow(unused_imports, reason = "the expression may need what is around it")]
            use super::*;

            $crate::__for_each_case!([$crate::__conformance_test!] $make);
        }
    };
}

/// Makes a module of a theme and a test of each of its cases.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_test {
    ($make:expr; $($theme:ident: $($case:ident)+;)+) => {
        $(mod $theme {
            #[allow(unused_imports, reason = "the expression may need what is around it")]
            use super::*;

            $(#[test]
            fn $case() {
                let name = concat!(stringify!($theme), ".", stringify!($case));
                $crate::run_case(name, &$make);
            })+
        })+
    };
}

/// Every case by its name. A test compares it with [`cases`](crate::cases).
#[doc(hidden)]
#[macro_export]
macro_rules! __for_each_case {
    ([$($callback:tt)+] $make:expr) => {
        $($callback)+ { $make;
            capabilities:
                can_be_found_out
                are_consistent
                advertised_tiers_are_reachable
                other_tiers_are_refused
                tiers_are_of_one_backend
                stay_the_same
                optional_operations_say_what_they_lack
                ;
            create_volume:
                makes_a_volume
                keeps_sizes_exactly
                refuses_a_taken_name
                refuses_a_size_of_zero
                checks_values_before_conflicts
                leaves_nothing_behind_when_refused
                refuses_the_name_of_an_offline_volume
                refuses_the_name_of_a_clone
                starts_without_snapshots
                ;
            names:
                of_volumes_are_kept_exactly
                of_volumes_may_be_long
                of_volumes_may_be_short
                of_volumes_outside_the_grammar_are_refused
                of_volumes_are_case_sensitive
                of_volumes_that_look_alike_differ
                of_deleted_volumes_are_free
                of_renamed_volumes_are_free
                of_volumes_can_be_swapped
                of_renamed_volumes_are_kept_exactly
                of_renamed_volumes_outside_the_grammar_are_refused
                may_be_identifiers
                of_snapshots_are_kept_exactly
                of_snapshots_may_be_long
                of_snapshots_outside_the_grammar_are_refused
                of_snapshots_are_case_sensitive
                of_snapshots_are_free_across_volumes
                of_deleted_snapshots_are_free
                of_renamed_snapshots_are_free
                of_renamed_snapshots_follow_the_grammar
                of_snapshots_and_volumes_are_apart
                of_clones_are_kept_exactly
                of_clones_outside_the_grammar_are_refused
                of_clones_are_names_of_volumes
                ;
            listing:
                volumes_are_in_order_of_creation
                volumes_keep_their_order_over_deletions
                volumes_keep_their_order_over_patches
                volumes_keep_their_order_over_renames
                snapshots_are_in_order_of_creation
                snapshots_keep_their_order_over_deletions
                snapshots_keep_their_order_over_renames
                clones_are_in_order_of_creation
                volumes_keep_their_order_over_splits
                get_volume_refuses_what_is_missing
                find_volume_finds_nothing_else
                list_snapshots_refuses_what_is_missing
                a_volume_without_snapshots_lists_none
                get_snapshot_refuses_what_is_elsewhere
                find_snapshot_finds_nothing_else
                offline_volumes_can_be_read
                changes_nothing
                ;
            patch_volume:
                giving_nothing_changes_nothing
                changes_one_field_and_no_other
                changes_several_fields_at_once
                changes_name_and_state
                grows_and_shrinks
                keeps_sizes_exactly
                mounts_and_unmounts
                takes_junction_paths_of_the_grammar
                refuses_junction_paths_outside_the_grammar
                refuses_a_taken_junction_path
                tells_junction_paths_apart
                frees_a_junction_path
                takes_its_own_junction_path
                keeps_a_junction_path_over_renames
                takes_export_policies
                shares_export_policies
                renames
                renames_to_its_own_name
                changes_from_each_state_to_each
                treats_restricted_as_not_online
                refuses_a_missing_volume
                refuses_a_size_of_zero
                refuses_the_whole_patch_for_one_bad_value
                refuses_the_whole_patch_for_one_conflict
                refuses_the_whole_patch_for_a_taken_name
                frees_and_takes_nothing_when_refused
                refuses_to_resize_what_is_offline
                resizes_what_it_brings_online
                resizes_what_it_takes_offline
                changes_all_else_of_what_is_offline
                checks_in_order
                sets_nothing_beside_what_is_unsupported
                ;
            delete_volume:
                deletes_one_volume
                refuses_a_missing_volume
                deletes_in_any_state
                deletes_a_mounted_volume
                deletes_the_snapshots_too
                deletes_a_clone_alone
                refuses_a_parent
                refuses_for_a_clone_of_any_snapshot
                refuses_an_offline_parent
                ;
            access:
                is_there_for_online_volumes
                refuses_a_missing_volume
                refuses_what_is_not_online
                is_there_for_clones
                ;
            snapshots:
                are_taken
                are_apart_from_their_volume
                refuse_a_taken_name
                refuse_a_missing_volume
                refuse_what_is_not_online
                check_in_order
                are_deleted_one_by_one
                are_deleted_through_their_volume
                are_deleted_of_offline_volumes
                are_renamed
                are_renamed_to_their_own_name
                are_not_renamed_to_a_taken_name
                are_renamed_through_their_volume
                are_renamed_of_offline_volumes
                follow_the_rename_of_their_volume
                ;
            restore:
                brings_the_size_back
                drops_newer_snapshots
                frees_the_names_it_drops
                leaves_other_volumes_alone
                leaves_other_fields_alone
                works_again_and_again
                goes_by_the_order_of_creation
                refuses_what_is_missing
                refuses_what_is_not_online
                refuses_a_newer_snapshot_with_a_clone
                allows_older_clones
                checks_the_state_before_clones
                works_on_clones
                ;
            clones:
                are_made
                have_size_and_policy_of_the_parent
                have_no_junction
                have_no_snapshots
                are_volumes
                are_the_only_ones_with_an_origin
                are_independent_of_their_parent
                of_clones_name_their_direct_parent
                of_one_snapshot_are_apart
                name_the_right_snapshot
                follow_the_rename_of_their_parent
                follow_the_rename_of_their_snapshot
                do_not_follow_a_namesake
                are_renamed
                refuse_what_is_missing
                refuse_a_snapshot_of_another_volume
                refuse_a_parent_that_is_not_online
                check_in_order
                pin_nothing_when_refused
                stay_online_without_their_parent
                ;
            split:
                makes_a_plain_volume
                frees_the_parent
                frees_only_what_it_pinned
                keeps_its_own_clones
                refuses_what_is_no_clone
                refuses_a_missing_volume
                works_offline
                forgets_the_parent
                ;
            dependencies:
                last_until_the_clone_is_deleted
                last_until_the_last_clone_is_deleted
                pin_no_other_snapshot
                pin_no_namesake
                hold_link_by_link
                hold_while_offline
                are_named_in_order
                are_named_up_to_sixteen
                are_named_as_they_are_called_now
                of_a_volume_are_those_of_its_snapshots
                are_named_by_a_restore
                hold_over_every_change
                ;
            identity:
                of_volumes_is_their_own
                of_snapshots_is_their_own
                of_clones_is_their_own
                is_not_used_again
                of_snapshots_is_not_used_again
                of_volumes_and_snapshots_are_apart
                keeps_its_time_of_creation
                of_snapshots_and_clones_keeps_its_time
                gets_no_younger
                of_snapshots_and_clones_gets_no_younger
                ;
            errors:
                about_volumes_have_their_code
                about_snapshots_have_their_code
                about_clones_have_their_code
                come_of_strange_text
                come_of_strange_names_of_snapshots
                come_of_strange_identifiers
                poison_nothing
                ;
            model:
                agrees_on_volumes
                agrees_on_snapshots
                agrees_on_clones
                ;
            scale:
                of_volumes
                of_volumes_that_come_and_go
                of_snapshots
                of_snapshots_that_a_restore_drops
                of_clones
                of_generations
                of_junctions
                ;
            concurrency:
                creates_one_volume_of_a_name
                creates_volumes_of_different_names
                creates_streams_of_volumes
                deletes_a_volume_once
                loses_no_patch
                mounts_one_volume_at_a_path
                renames_and_creates_one_name
                renames_one_volume_to_a_name
                resizes_and_takes_offline
                takes_one_snapshot_of_a_name
                deletes_a_snapshot_once
                snapshots_what_is_being_deleted
                restores_and_takes_snapshots
                renames_one_snapshot_to_a_name
                clones_what_is_being_deleted
                clones_of_a_volume_being_deleted
                creates_one_clone_of_a_name
                restores_what_is_being_cloned
                splits_and_deletes
                explains_whatever_is_called_at_once
                ;
            isolation:
                results_stay_as_they_were
                of_volumes
                of_snapshots
                of_states
                offline_volumes_keep_everything
                offline_volumes_keep_what_is_theirs
                of_what_was_there_before
                ;
        }
    };
}

#[cfg(test)]
mod tests {
    macro_rules! names {
        ($make:expr; $($theme:ident: $($case:ident)+;)+) => {
            [$($(concat!(stringify!($theme), ".", stringify!($case))),+),+]
        };
    }

    #[test]
    fn the_macro_knows_every_case() {
        let names: Vec<&str> = crate::cases().iter().map(crate::Case::name).collect();
        assert_eq!(crate::__for_each_case!([names!] ()).to_vec(), names);
    }
}
