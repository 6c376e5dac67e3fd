-- SPDX-License-Identifier: Apache-2.0
-- The last deletion of each client that has ended, by the hash of the client's name. One that the folder's list of deletions names and this
-- table does not is made again at the start: it was cut short, or this database is a backup from before it.

create table if not exists deletions (
  tenant varchar(63) not null,
  client_sha256 varchar(64) not null,
  at_millis bigint not null,
  primary key (tenant, client_sha256)
);
