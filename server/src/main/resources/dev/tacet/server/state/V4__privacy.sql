-- SPDX-License-Identifier: Apache-2.0
-- What a client can have listed and deleted: which keys it sent, also those that no key set names; and where its trail begins.

create table if not exists blob_senders (
  tenant varchar(63) not null,
  sha256 varchar(64) not null,
  client varchar(512) not null,
  since bigint not null,
  primary key (tenant, sha256, client)
);

create index if not exists blob_senders_by_client on blob_senders (tenant, client);

-- The last entry that was deleted from a trail's beginning, and its hash.
alter table audit_heads add column if not exists base_sequence bigint default 0 not null;
alter table audit_heads add column if not exists base_sha256 varchar(64)
  default '0000000000000000000000000000000000000000000000000000000000000000' not null;
