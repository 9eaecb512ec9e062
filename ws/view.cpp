#include "ws/view.hpp"

#include <algorithm>
#include <utility>

namespace macp::ws {
namespace {

constexpr std::size_t max_known_types = 4096;  // a peer that invents types must not fill the memory

}  // namespace

View::View(Ring& ring, core::Filter filter)
    : ring_{ring}, filter_{std::move(filter)}, first_{ring.last() + 1}, all_{filter_.passes_all()} {
    if (all_) first_ = ring.first();
}

void View::add(core::Seq seq) {
    while (!passing_.empty() && passing_.front() < ring_.first()) passing_.pop_front();
    passing_.push_back(seq);
}

void View::reset(core::Seq after) {
    passing_.clear();
    first_ = after + 1;
}

core::Seq View::collect(core::Seq after, std::size_t max_bytes, std::size_t max_runs, std::vector<Run>& runs) const {
    if (all_) return collect_all(after, max_bytes, max_runs, runs);
    auto next = std::ranges::upper_bound(passing_, after);
    std::size_t bytes = 0;
    for (std::size_t count = 0; next != passing_.end(); ++count) {
        if (count == max_runs || bytes >= max_bytes) return *next - 1;
        auto const begin = *next;
        auto end = begin;
        for (++next; next != passing_.end() && *next == end + 1; ++next) ++end;
        auto const run = ring_.run_after(begin - 1, end, max_bytes - bytes);
        runs.push_back(run);
        bytes += run.size;
        if (run.last != end) next = std::ranges::upper_bound(passing_, run.last);
    }
    return last();
}

core::Seq View::collect_all(core::Seq after, std::size_t max_bytes, std::size_t max_runs, std::vector<Run>& runs)
    const {
    std::size_t bytes = 0;
    for (std::size_t count = 0; after < last() && count < max_runs && bytes < max_bytes; ++count) {
        runs.push_back(ring_.run_after(after, last(), max_bytes - bytes));
        bytes += runs.back().size;
        after = runs.back().last;
    }
    return after;
}

bool ViewIndex::has_exact_subject(core::Filter const& filter) {
    return filter.subjects.size() == 1 && !core::is_glob(filter.subjects.front());
}

std::pair<std::string, std::string> const* ViewIndex::exact_field(core::Filter const& filter) {
    auto const exact =
        std::ranges::find_if(filter.where, [](auto const& clause) { return !core::is_glob(clause.second); });
    return exact == filter.where.end() ? nullptr : &*exact;
}

void ViewIndex::add(View& view) {
    ++count_;
    auto const& filter = view.filter();
    if (has_exact_subject(filter)) {
        by_subject_[filter.subjects.front()].push_back(&view);
    } else if (auto const* const exact = exact_field(filter)) {
        by_field_[exact->first][exact->second].push_back(&view);
    } else {
        others_.push_back(&view);
        by_type_.clear();
    }
}

void ViewIndex::remove(View& view) {
    --count_;
    auto const& filter = view.filter();
    auto const drop = [&view](ByValue& values, std::string const& value) {
        auto const at = values.find(value);
        std::erase(at->second, &view);
        if (at->second.empty()) values.erase(at);
    };
    if (has_exact_subject(filter)) {
        drop(by_subject_, filter.subjects.front());
    } else if (auto const* const exact = exact_field(filter)) {
        auto const at = by_field_.find(exact->first);
        drop(at->second, exact->second);
        if (at->second.empty()) by_field_.erase(at);
    } else {
        std::erase(others_, &view);
        by_type_.clear();
    }
}

void ViewIndex::offer(Views const& views, core::EventView const& event, core::DataFields& fields) {
    for (auto* const view : views) {
        if (view->filter().matches(event, fields)) view->add(event.seq);
    }
}

void ViewIndex::deliver(core::EventView const& event) {
    if (count_ == 0) return;
    core::DataFields fields{event.data};
    if (!by_subject_.empty() && !event.subject.empty()) {
        if (auto const found = by_subject_.find(std::string{event.subject}); found != by_subject_.end()) {
            offer(found->second, event, fields);
        }
    }
    std::string value;
    for (auto const& [field, values] : by_field_) {
        if (!fields.read(field, value)) continue;
        if (auto const found = values.find(value); found != values.end()) offer(found->second, event, fields);
    }
    if (!others_.empty()) offer(takers_of(event.type), event, fields);
}

ViewIndex::Views& ViewIndex::takers_of(std::string_view type) {
    auto known = by_type_.find(std::string{type});
    if (known == by_type_.end()) {
        if (by_type_.size() >= max_known_types) by_type_.clear();
        known = by_type_.emplace(type, Views{}).first;
        std::ranges::copy_if(others_, std::back_inserter(known->second), [type](View const* view) {
            return view->filter().matches_type(type);
        });
    }
    return known->second;
}

}  // namespace macp::ws
