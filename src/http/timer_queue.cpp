#include "http/timer_queue.h"

namespace tidegate::http {

TimerNode::~TimerNode() {
  if (queue_ != nullptr) queue_->remove(*this);
}

void TimerQueue::schedule(TimerNode& node, MonoTime when) {
  remove(node);
  node.queue_ = this;
  node.when_ = when;
  node.sequence_ = next_sequence_++;
  heap_.push_back(&node);
  node.index_ = heap_.size() - 1;
  sift_up(node.index_);
}

void TimerQueue::remove(TimerNode& node) {
  if (node.queue_ == nullptr) return;
  node.queue_ = nullptr;
  std::size_t hole = node.index_;
  TimerNode* last = heap_.back();
  heap_.pop_back();
  if (last == &node) return;
  place(hole, last);
  sift_up(hole);
  sift_down(last->index_);
}

void TimerQueue::fire(MonoTime now) {
  const std::uint64_t end = next_sequence_;
  while (!heap_.empty()) {
    TimerNode* node = heap_.front();
    if (node->when_ > now || node->sequence_ >= end) return;
    remove(*node);
    node->on_time();
  }
}

void TimerQueue::sift_up(std::size_t index) {
  TimerNode* node = heap_[index];
  while (index > 0) {
    std::size_t parent = (index - 1) / 2;
    if (!before(*node, *heap_[parent])) break;
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, node);
}

void TimerQueue::sift_down(std::size_t index) {
  TimerNode* node = heap_[index];
  for (;;) {
    std::size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child])) ++child;
    if (!before(*heap_[child], *node)) break;
    place(index, heap_[child]);
    index = child;
  }
  place(index, node);
}

}  // namespace tidegate::http
