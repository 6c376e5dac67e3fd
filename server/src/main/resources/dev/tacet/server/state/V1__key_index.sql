-- SPDX-License-Identifier: Apache-2.0
-- The index of stored keys. Runs on H2 and PostgreSQL; times are milliseconds since 1970-01-01 UTC; hashes are 64 hexadecimal digits.
-- "if not exists", since H2 commits after each statement and a killed migration is run again.

create table if not exists tenant_usage (
  tenant varchar(63) primary key,
  blob_bytes bigint not null,
  blobs integer not null
);

create table if not exists blobs (
  tenant varchar(63) not null,
  sha256 varchar(64) not null,
  bytes bigint not null,
  stored_at bigint not null,
  deleting boolean not null,
  primary key (tenant, sha256)
);

create table if not exists key_sets (
  tenant varchar(63) not null,
  id varchar(64) not null,
  parameter_sha256 varchar(64) not null,
  bytes bigint not null,
  key_count integer not null,
  registered_at bigint not null,
  used_at bigint not null,
  expires_at bigint,
  deleting boolean not null,
  primary key (tenant, id)
);

create table if not exists key_set_blobs (
  tenant varchar(63) not null,
  key_set varchar(64) not null,
  sha256 varchar(64) not null,
  primary key (tenant, key_set, sha256)
);

create index if not exists key_set_blobs_by_blob on key_set_blobs (tenant, sha256);

create table if not exists key_set_owners (
  tenant varchar(63) not null,
  key_set varchar(64) not null,
  owner varchar(512) not null,
  since bigint not null,
  primary key (tenant, key_set, owner)
);

create index if not exists key_set_owners_by_owner on key_set_owners (tenant, owner);
