//go:build !linux

package main

func becomeLimited() {}
