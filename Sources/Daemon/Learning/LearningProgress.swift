/// Where the learning of one lab stands, by one watched tree and profile: when it is due, and what of its files is lost.
///
/// What is lost is what was missing when the files were last read, and they are read whenever they are not those of the
/// last reading. A learning never says what is there: it begins and ends, and what it wrote is read like anything else.
/// So no file can be lost unseen, whatever goes on meanwhile.
package struct LearningProgress: Sendable, Equatable {
    private enum Phase: Sendable { case idle, asked, underWay }

    private var phase = Phase.idle
    /// When the last learning began; seconds since 1970.
    private var triedAt: Double = 0
    /// At least the captures that were transferred since: readings that count those of then, and those that ended meanwhile,
    /// may count one twice, and leave none out.
    private var captures = 0
    private var deaths = 0
    /// What was missing or damaged at the last reading.
    private var lost: String?
    /// The last learning came to nothing: what is lost waits like anything else.
    private var isHopeless = false

    package init() {}

    /// From when on captures count, where the files say that a learning last began at a time: one that came to nothing may
    /// not have been able to write.
    package func begin(recorded time: Double) -> Double { isHopeless ? max(time, triedAt) : time }

    /// The files were read.
    ///
    /// - Parameters:
    ///   - lost: what is missing or damaged.
    ///   - deaths: learnings that began and did not come to an end.
    ///   - captures: that were transferred since the last learning began.
    /// - Returns: true if something is lost, and was not at the last reading.
    package mutating func read(lost: String?, deaths: Int, captures: Int) -> Bool {
        let isNews = lost != nil && lost != self.lost
        if isNews { isHopeless = false }
        (self.lost, self.deaths, self.captures) = (lost, deaths, max(self.captures, captures))
        return isNews
    }

    /// A capture was transferred.
    package mutating func transferred() { captures += 1 }

    /// Whether it may be time to learn: by captures of which some may count twice.
    package func mayBeDue(_ policy: LearningPolicy) -> Bool { isDue(policy, captures) }

    /// True if it is to be learned now; asked for once until it is through.
    ///
    /// - Parameter counted: captures that were transferred since the last learning began, counted anew.
    package mutating func asks(_ policy: LearningPolicy, counted: Int) -> Bool {
        guard isDue(policy, min(captures, counted)) else { return false }
        phase = .asked
        return true
    }

    /// Whether so many captures ended during a learning that the next is due without another one: they asked for nothing.
    package func isDueAgain(_ policy: LearningPolicy) -> Bool { captures >= policy.learnAfter && mayBeDue(policy) }

    private func isDue(_ policy: LearningPolicy, _ captures: Int) -> Bool {
        phase == .idle && policy.isDue(captures: captures, isLost: lost != nil && !isHopeless, deaths: deaths)
    }

    package mutating func begins(at time: Double) { (phase, triedAt, captures) = (.underWay, time, 0) }

    /// - Parameter isHopeless: it came to nothing, and nothing says that the next would come to more.
    package mutating func ends(isHopeless: Bool) { (phase, self.isHopeless) = (.idle, isHopeless) }
}
