-- SPDX-License-Identifier: Apache-2.0
-- The last deletion of each client that has ended, by the hash of the client's name. One that the folder's list of deletions names and this
-- table does not is made again at the start: it was cut short, or this database is a backup from before it.

create table if not exists deletions (
  tenant varchar(63) not null,
  client_sha256 varchar(64) not null,
  at_millis bigint not null,
  primary key (tenant, client_sha256)
);

-- How many bytes of a key, from its first, a client has shown to have; 2^63 - 1 for all of it. Of before, nothing is known but what key sets name.
alter table blob_senders add column if not exists proved bigint default 0 not null;

-- The data folder that belongs to this database, by what is in its file "folder".
create table if not exists data_folder (
  one integer primary key,
  id varchar(64) not null
);
