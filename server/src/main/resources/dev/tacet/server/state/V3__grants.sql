-- SPDX-License-Identifier: Apache-2.0
-- Who may use whose key sets, and for what.

create table if not exists key_set_grants (
  tenant varchar(63) not null,
  key_set varchar(64) not null,
  owner varchar(512) not null,
  grantee varchar(512) not null,
  purpose varchar(128) not null,
  since bigint not null,
  primary key (tenant, key_set, owner, grantee)
);

create index if not exists key_set_grants_by_grantee on key_set_grants (tenant, grantee);
