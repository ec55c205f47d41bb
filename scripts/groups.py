# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tests `scripts/test.py` runs where: the one place that says so.

All of `tests/plain` runs in plain Python, all of `tests/blender` on the newest Blender module there is, all of
`tests/window` in the newest program that is given. What runs in more places than that is declared here; with `--soak`
the rest of it runs there as well. Files are named here without their folders, which are the rooms of the package: in
all of `tests/plain`, and in all of `tests/blender`, a name occurs once. `tests/plain/project/test_groups.py` fails
where a file or a scenario is in no group.
"""

from __future__ import annotations

# tests/plain, by what else it runs with than today's `requests`.

OPENS_SOCKETS = (
    "test_account",
    "test_bad_answers",
    "test_before_sending",
    "test_certificates",
    "test_client",
    "test_connections",
    "test_contract",
    "test_faults",
    "test_fetch",
    "test_hostile_answers",
    "test_lost_answers",
    "test_odd_hosts",
    "test_providers",
    "test_queue",
    "test_reconcile",
    "test_tasks",
    "test_web_picture",
)
"""With `--all` also with the `requests` and `urllib3` of Blender 4.2: what these two do for the add-on is done at
sockets.
"""

OPENS_NONE = (
    "test_account_task",
    "test_anonymize",
    "test_backoff",
    "test_batch_folder",
    "test_batch_outcome",
    "test_batch_report",
    "test_batch_runner",
    "test_batch_table",
    "test_before",
    "test_cancelling",
    "test_captions",
    "test_container",
    "test_context",
    "test_costs",
    "test_damage",
    "test_docs",
    "test_entered",
    "test_extras",
    "test_files",
    "test_fuzz",
    "test_gltf_checks",
    "test_gltf_reader",
    "test_gltf_reader_bad",
    "test_gltf_reader_materials",
    "test_groups",
    "test_headers",
    "test_kills",
    "test_late_looks",
    "test_ledger",
    "test_limits",
    "test_list_of_sentences",
    "test_long_run",
    "test_manifest",
    "test_matching",
    "test_models",
    "test_once",
    "test_other_providers",
    "test_owners",
    "test_picture_file",
    "test_picture_tasks",
    "test_png",
    "test_provenance",
    "test_rate_limit",
    "test_redaction",
    "test_release",
    "test_repository",
    "test_restarts",
    "test_rooms",
    "test_rows",
    "test_scripts",
    "test_secret_file",
    "test_sentences",
    "test_service",
    "test_spending",
    "test_stale_rows",
    "test_store",
    "test_systems",
    "test_unsent",
    "test_variations",
    "test_views",
    "test_writing_together",
)
"""With today's alone: no socket, or one that is used as in the files above, for what is not about it."""

# tests/blender, by the versions of Blender.

EVERY_BLENDER = (
    "test_as_shown",  # what the importer makes of colours, poses and pictures
    "test_build",  # meshes, nodes and pictures as the importer of each version makes them
    "test_generate",  # registered properties, operators, the add-on's whole way
    "test_habits",  # what of Blender's preferences there is
    "test_place",  # the importer, its keywords, what it leaves behind
    "test_quads",  # QuadriFlow, UVs and bakes of Blender's own
    "test_registration",  # what a version keeps of an add-on that is switched off
    "test_threads",  # operators in an override while a thread runs: up to 5.0 that is a crash
    "test_unreadable_textures",  # what its decoders refuse
)
"""On each: what `scene/versions.py` has a switch for, or what Blender does differently from version to version."""

OLDEST_AND_NEWEST = (
    "test_account",
    "test_another_model",
    "test_another_provider",
    "test_assets",
    "test_batch_panel",
    "test_blockout",
    "test_capture",
    "test_command_line",
    "test_concepts",
    "test_configuration",
    "test_early_reading",
    "test_engine",
    "test_errands",
    "test_finish",
    "test_from_web",
    "test_full_disk",
    "test_fuzz_import",
    "test_help_pages",
    "test_improve_image",
    "test_input_panels",
    "test_kills",
    "test_list",
    "test_monitor",
    "test_odd_values",
    "test_picture",
    "test_placeholder",
    "test_preferences",
    "test_print_operators",
    "test_printing",
    "test_provenance",
    "test_refused",
    "test_scripting_page",
    "test_show_textures",
    "test_spending",
    "test_views",
)
"""On the two ends: what uses Blender, in a way that has not changed in between."""

ONCE = (
    "test_batches",
    "test_cleanup",
    "test_decoding",
    "test_demo",
    "test_ellipses",
    "test_mesh_thumbnail",
    "test_offline",
    "test_quality",
    "test_rebuild",
)
"""On the newest alone: what is done in numpy and plain Python, in a process of its own or without Blender's data."""

# tests/window, by the programs.

EVERY_PROGRAM = (
    "test_another_file",
    "test_autosave",
    "test_busy_artist",
    "test_first_model",
    "test_first_start",
    "test_help",
    "test_placeholder",
    "test_two_blenders",
    "test_undo",
    "test_updates",
)
"""In each program that is given: what an artist cannot do without, and what depends on Blender's events the most."""

NEWEST_PROGRAM = (
    "test_account",
    "test_adjust_last_operation",
    "test_assets",
    "test_batch",
    "test_before",
    "test_blockout",
    "test_checking",
    "test_concepts",
    "test_failures",
    "test_looks",
    "test_offline",
    "test_paying",
    "test_pictures",
    "test_placeholders",
    "test_printing",
    "test_quads",
    "test_quit_and_started_again",
    "test_recover",
    "test_show_textures",
    "test_switched_off",
    "test_ten_at_once",
    "test_that_ends_its_tasks",
    "test_threads",
    "test_turntable",
    "test_views",
)
"""In the newest of them."""

WITH_SOAK = (
    "test_manual_pictures",  # they are looked at by hand
    "test_readme",  # as these are
    "test_updates_in_a_window",
)
"""With `--soak` alone."""

# Under the Windows Python, which scripts/test.py starts with `--windows`.

ON_WINDOWS = {
    "tests/plain": (
        "test_certificates",
        "test_client",
        "test_connections",
        "test_context",
        "test_fetch",
        "test_files",
        "test_kills",
        "test_odd_hosts",
        "test_owners",
        "test_repository",
        "test_scripts",
        "test_secret_file",
        "test_stale_rows",
        "test_unsent",
        "test_web_picture",
    ),
    "tests/blender": (
        "test_assets",
        "test_configuration",
        "test_generate",
        "test_offline",
    ),
}
"""What concerns connections, files, locks, kills, certificates, the offline preview, generating and assets."""
