import ImageFiles
import NCTEngine

/// A microscope's light from its captures: one estimator for captures of the same proportions. Holds a bounded number of
/// small grids.
public struct LightSurvey: Sendable {
    public struct Group: Sendable {
        public var width: Int
        public var height: Int
        public var estimator = FlatFieldEstimator()
    }

    public private(set) var groups: [Group] = []
    public private(set) var failures: [JobFailure] = []
    /// Files that are too small or dark to tell of light.
    public private(set) var dark: [String] = []

    public init() {}

    /// The proportions that most captures have.
    public var largest: Group? { groups.max { $0.estimator.count < $1.estimator.count } }

    /// What one capture says of the light.
    ///
    /// - Parameters:
    ///   - name: as people are told of it.
    ///   - read: gives the capture.
    public static func look(at name: String, _ read: () throws -> RGBImage) -> Result<LightGrid?, JobFailure> {
        do {
            let image = try read()
            return .success(LightGrid(image.darkenedWhereMissing(workers: Workers(threads: 1))))
        } catch {
            return .failure(JobFailure(error, file: name))
        }
    }

    /// Adds what a look at a capture came to.
    public mutating func add(_ name: String, _ seen: Result<LightGrid?, JobFailure>) {
        switch seen {
        case .success(let grid?): add(grid)
        case .success(nil): dark.append(name)
        case .failure(let failure): failures.append(failure)
        }
    }

    private mutating func add(_ grid: LightGrid) {
        for index in groups.indices where groups[index].estimator.add(grid) { return }
        var group = Group(width: grid.captureWidth, height: grid.captureHeight)
        _ = group.estimator.add(grid)
        groups.append(group)
    }

    /// The light of captures of each kind of which there are enough.
    public func fields(workers: Workers) -> [FlatField] {
        groups.filter { $0.estimator.count >= FlatFieldEstimator.enough }
            .compactMap { $0.estimator.estimate(workers: workers) }
    }
}
