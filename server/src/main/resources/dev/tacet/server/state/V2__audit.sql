-- SPDX-License-Identifier: Apache-2.0
-- The audit trail of each client. Rows are only ever added.

create table if not exists audit (
  tenant varchar(63) not null,
  client varchar(512) not null,
  sequence bigint not null,
  at_millis bigint not null,
  action varchar(64) not null,
  object varchar(512) not null,
  detail varchar(512) not null,
  previous varchar(64) not null,
  sha256 varchar(64) not null,
  primary key (tenant, client, sequence)
);

-- The end of each trail, locked by whoever adds to it.
create table if not exists audit_heads (
  tenant varchar(63) not null,
  client varchar(512) not null,
  sequence bigint not null,
  sha256 varchar(64) not null,
  primary key (tenant, client)
);
