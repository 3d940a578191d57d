import Foundation
public import Testing

extension Trait where Self == ConditionTrait {
  /// For tests that boot machines. Where an obstacle is in the way they are skipped, and say why. With
  /// LIFEBOAT_REQUIRE_HOSTS=1, as in CI, nothing is skipped: what is missing makes them fail.
  public static func needsHosts(unless obstacle: String?) -> ConditionTrait {
    let isRequired = ProcessInfo.processInfo.environment["LIFEBOAT_REQUIRE_HOSTS"] == "1"
    return .enabled(
      if: obstacle == nil || isRequired, "machines cannot be booted here: \(obstacle ?? "")")
  }
}
