"""What came back, and what came home: two facts each, got and wanted, and what people call them."""

from __future__ import annotations

BACK = (
    ("users_rehomed", "users_on_failed_pool", "users home again"),
    ("endpoints_rehomed", "endpoints_on_failed_pool", "endpoints home again"),
    ("conference_directories_rehomed", "conference_directories_expected", "conference directories moved"),
    ("contacts_restored", "contacts_expected", "contacts back"),
    ("response_groups_restored", "response_groups_expected", "Response Group objects back"),
    ("group_chat_restored", "group_chat_expected", "Group Chat rows and files back"),
    ("dns_records_moved", "dns_records_expected", "DNS records moved"),
)
"""Of an activation and its verification."""

WAY_HOME = (
    ("failback_users_home", "failback_users_expected", "users back at the primary"),
    ("failback_contacts_home", "failback_contacts_expected", "contacts there"),
    ("failback_group_chat_home", "failback_group_chat_expected", "Group Chat rows and files there"),
    ("added_in_dr_kept", "added_in_dr", "added at the DR site, and kept"),
    ("removed_in_dr_kept", "removed_in_dr", "removed there, and still gone"),
    ("renamed_in_dr_kept", "renamed_in_dr", "groups called otherwise there, and so at home"),
    ("only_on_primary_kept", "only_on_primary", "only on the primary, and merged in"),
)
"""Of a failback."""
