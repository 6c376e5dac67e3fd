// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.blind;

import dev.tacet.cli.internal.terminal.Table;
import dev.tacet.cli.internal.terminal.Terminal;
import dev.tacet.cli.internal.terminal.Units;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The proof that the host is blind: what only the client may know is searched for in all that the host has, and not
 * found, while the same search finds it in the client's memory, and finds in the host's memory what was planted there.
 */
public final class BlindProof {
  /** The places that are searched. */
  public enum Place {
    /** Every readable mapping of this process. */
    CLIENT_MEMORY,
    /** Every readable mapping of the server process. */
    SERVER_MEMORY,
    /** The server's folder of data and its folder of models. */
    SERVER_FOLDER,
    /** What went over the wire, both ways. */
    WIRE
  }

  /**
   * What was found.
   *
   * @param bytesSearched bytes by place
   * @param needles number of needles by subject and form
   * @param found number of different needles found, by subject and form, by place
   * @param hits secrets found outside the client, each with its place; none if the host is blind
   * @param plantedMissing places of the server where a needle was planted and not found; none if the search works
   * @param heldMissing subjects and forms of which the search did not find every needle in the client's memory, where all are
   */
  public record Report(
      Map<Place, Long> bytesSearched,
      Map<String, Integer> needles,
      Map<String, Map<Place, Integer>> found,
      List<String> hits,
      List<String> plantedMissing,
      List<String> heldMissing) {
    /** Bytes of the host and of the wire. */
    public long bytesOutsideClient() {
      return bytesSearched.entrySet().stream()
          .filter(entry -> entry.getKey() != Place.CLIENT_MEMORY)
          .mapToLong(Map.Entry::getValue)
          .sum();
    }

    /** Nothing found that is secret, and everything found that had to be. */
    public boolean holds() {
      return hits.isEmpty() && plantedMissing.isEmpty() && heldMissing.isEmpty();
    }

    /** Prints what was searched for where. */
    public void print() {
      Table table = new Table("searched for", ">needles", "client memory", "server memory", "server folder", "wire");
      needles.forEach(
          (what, count) ->
              table.row(
                  what, count, cell(what, Place.CLIENT_MEMORY), cell(what, Place.SERVER_MEMORY),
                  cell(what, Place.SERVER_FOLDER), cell(what, Place.WIRE)));
      table.row(
          Terminal.dim("bytes searched"), "", Units.bytes(bytesSearched.get(Place.CLIENT_MEMORY)),
          Units.bytes(bytesSearched.get(Place.SERVER_MEMORY)), Units.bytes(bytesSearched.get(Place.SERVER_FOLDER)),
          Units.bytes(bytesSearched.get(Place.WIRE)));
      table.print();
    }

    private String cell(String what, Place place) {
      int count = found.getOrDefault(what, Map.of()).getOrDefault(place, 0);
      return count == 0 ? "-" : count == needles.get(what) ? "found" : count + " of " + needles.get(what);
    }
  }

  private final Secrets secrets;
  private final String plantedPhrase;

  /** A proof about these secrets, with what {@code serve --plant-needle} planted for {@code plantedPhrase}. */
  public BlindProof(Secrets secrets, String plantedPhrase) {
    this.secrets = secrets;
    this.plantedPhrase = plantedPhrase;
  }

  /** Searches everywhere. */
  public Report run(long serverPid, List<Path> serverFolders, Path wire) {
    List<Needle> all = new ArrayList<>(secrets.held());
    all.addAll(secrets.derived());
    List<Needle> planted = NeedlePlant.needles(plantedPhrase);
    List<Needle> withPlanted = new ArrayList<>(all);
    withPlanted.addAll(planted);
    NeedleSearch search = new NeedleSearch(withPlanted);
    Map<Place, Long> bytes = new LinkedHashMap<>();
    Map<Place, List<NeedleSearch.Hit>> hits = new LinkedHashMap<>();
    for (Place place : Place.values()) {
      hits.put(place, new ArrayList<>());
    }
    ProcessMemory server = new ProcessMemory(serverPid);
    bytes.put(Place.SERVER_MEMORY, server.search(search, hits.get(Place.SERVER_MEMORY)));
    long folderBytes = 0;
    for (Path folder : serverFolders) {
      folderBytes += FolderContents.search(folder, search, hits.get(Place.SERVER_FOLDER));
    }
    bytes.put(Place.SERVER_FOLDER, folderBytes);
    bytes.put(Place.WIRE, FolderContents.search(wire, search, hits.get(Place.WIRE)));
    bytes.put(Place.CLIENT_MEMORY, searchClient(search, hits.get(Place.CLIENT_MEMORY)));
    return report(all, planted, bytes, hits, server);
  }

  /**
   * Searches this process, in which every secret is by now: those that the client keeps, and the forms that it does not keep,
   * written down here so that the search is shown to find them too. Old objects do not move while a search runs.
   */
  private long searchClient(NeedleSearch search, List<NeedleSearch.Hit> hits) {
    List<byte[]> writtenDown = secrets.derived().stream().map(Needle::plain).toList();
    System.gc();
    long bytes = new ProcessMemory(ProcessHandle.current().pid()).search(search, hits);
    writtenDown.forEach(plain -> Arrays.fill(plain, (byte) 0));
    return bytes;
  }

  private Report report(
      List<Needle> all,
      List<Needle> planted,
      Map<Place, Long> bytes,
      Map<Place, List<NeedleSearch.Hit>> hits,
      ProcessMemory server) {
    Map<String, Integer> needles = new LinkedHashMap<>();
    all.forEach(needle -> needles.merge(label(needle), 1, Integer::sum));
    planted.forEach(needle -> needles.merge(label(needle), 1, Integer::sum));
    Map<String, Map<Place, Integer>> found = new LinkedHashMap<>();
    List<String> outside = new ArrayList<>();
    hits.forEach(
        (place, list) -> {
          Set<Needle> distinct = new LinkedHashSet<>();
          for (NeedleSearch.Hit hit : list) {
            if (distinct.add(hit.needle())) {
              found.computeIfAbsent(label(hit.needle()), l -> new LinkedHashMap<>()).merge(place, 1, Integer::sum);
            }
            if (place != Place.CLIENT_MEMORY && !hit.needle().subject().equals("planted")) {
              outside.add(label(hit.needle()) + " in " + hit.haystack() + " at 0x" + Long.toHexString(hit.address()));
            }
          }
        });
    return new Report(
        bytes, needles, found, outside, plantedMissing(planted, hits.get(Place.SERVER_MEMORY), server), heldMissing(all, needles, found));
  }

  /** A planted needle counts where it was planted: the locked one in a locked page, the one in buffers not in a locked one. */
  private static List<String> plantedMissing(List<Needle> planted, List<NeedleSearch.Hit> hits, ProcessMemory server) {
    List<String> missing = new ArrayList<>();
    for (Needle needle : planted) {
      boolean there =
          hits.stream()
              .filter(hit -> hit.needle().equals(needle))
              .anyMatch(hit -> !needle.form().equals(NeedlePlant.LOCKED) || server.isLocked(hit.address()));
      if (!there) {
        missing.add(needle.form());
      }
    }
    return missing;
  }

  private static List<String> heldMissing(
      List<Needle> secrets, Map<String, Integer> needles, Map<String, Map<Place, Integer>> found) {
    Set<String> missing = new LinkedHashSet<>();
    for (Needle needle : secrets) {
      String label = label(needle);
      int there = found.getOrDefault(label, Map.of()).getOrDefault(Place.CLIENT_MEMORY, 0);
      if (there < needles.get(label)) {
        missing.add(label + ": " + there + " of " + needles.get(label));
      }
    }
    return List.copyOf(missing);
  }

  private static String label(Needle needle) {
    return needle.subject().equals("planted") ? "planted: " + needle.form() : needle.subject() + ", " + needle.form();
  }
}
